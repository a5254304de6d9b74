package mqlab;

import java.util.ArrayDeque;
import java.util.UUID;

/** The events that the lab has not taken yet. It never blocks a broker's thread: what does not fit is dropped and counted. */
final class EventBuffer implements ObserverView {
    private static final int ANSWER = 512 * 1024; // characters of one answer, which Jolokia makes in memory

    private final String started = UUID.randomUUID().toString(); // the numbers of events begin anew with the process
    private final int mostEvents;
    private final long mostCharacters;
    private final ArrayDeque<String> lines = new ArrayDeque<>();
    private long characters;
    private long last; // number of the newest event in `lines`
    private long dropped;
    private long takenAt = Long.MIN_VALUE; // nanoseconds

    EventBuffer(int mostEvents, long mostCharacters) {
        this.mostEvents = mostEvents;
        this.mostCharacters = mostCharacters;
    }

    synchronized void add(String line) {
        if (lines.size() >= mostEvents || characters + line.length() > mostCharacters) {
            dropped++;
            return;
        }
        lines.add(line);
        characters += line.length();
        last++;
    }

    synchronized void drop() {
        dropped++;
    }

    /** Waits until the lab has taken every event, for so many milliseconds at most; not at all if no lab reads. */
    synchronized void awaitTaken(long milliseconds) throws InterruptedException {
        long now = System.nanoTime();
        if (takenAt == Long.MIN_VALUE || now - takenAt > 2_000_000_000L) {
            return;
        }
        long end = now + milliseconds * 1_000_000L;
        for (long left = end - now; !lines.isEmpty() && left > 0; left = end - System.nanoTime()) {
            wait(left / 1_000_000L + 1);
        }
    }

    @Override
    public synchronized String take(String process, long after) {
        long first = last - lines.size() + 1;
        for (; started.equals(process) && first <= after && !lines.isEmpty(); first++) {
            characters -= lines.remove().length();
        }
        takenAt = System.nanoTime();
        notifyAll();
        StringBuilder answer = new StringBuilder(256);
        answer.append("{\"started\":\"").append(started).append("\",\"first\":").append(first).append(",\"left\":")
            .append(lines.size()).append(",\"dropped\":").append(dropped).append(",\"now\":").append(System.nanoTime()).append("}");
        for (String line : lines) {
            if (answer.length() + line.length() > ANSWER && answer.length() > 256) {
                break;
            }
            answer.append('\n').append(line);
        }
        return answer.toString();
    }
}
