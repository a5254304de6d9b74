package mqlab;

/** What the lab may ask an observer through JMX. */
public interface ObserverView {
    /**
     * Returns events that followed event number `after` of a process, oldest first, and forgets all up to that number.
     * Numbers are of one process: after a restart nothing is forgotten until the answer's own `started` comes back.
     * The first line is a JSON object about the buffer, each further line is one event.
     */
    String take(String started, long after);
}
