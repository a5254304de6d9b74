package mqlab;

/** What the lab may ask an observer through JMX. */
public interface ObserverView {
    /**
     * Returns events that followed event number `after`, oldest first, and forgets all up to that number.
     * The first line is a JSON object about the buffer, each further line is one event.
     */
    String take(long after);
}
