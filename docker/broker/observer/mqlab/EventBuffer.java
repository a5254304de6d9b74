package mqlab;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;

/** The events that the lab has not taken yet. It never blocks a broker's thread: what does not fit is dropped and counted. */
final class EventBuffer implements ObserverView {
    private static final int MOST = 8192; // events of one answer

    private final String started = UUID.randomUUID().toString(); // the numbers of events begin anew with the process
    private final int mostEvents;
    private final long mostOctets;
    private final ArrayDeque<Entry> entries = new ArrayDeque<>();
    private long octets;
    private long last; // number of the newest event in `entries`
    private long dropped;
    private long takenAt = Long.MIN_VALUE; // nanoseconds

    EventBuffer(int mostEvents, long mostOctets) {
        this.mostEvents = mostEvents;
        this.mostOctets = mostOctets;
    }

    synchronized void add(Entry entry) {
        int size = entry.octets();
        if (entries.size() >= mostEvents || octets + size > mostOctets) {
            dropped++;
            return;
        }
        entries.add(entry);
        octets += size;
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
        for (long left = end - now; !entries.isEmpty() && left > 0; left = end - System.nanoTime()) {
            wait(left / 1_000_000L + 1);
        }
    }

    @Override
    public String take(String process, long after) {
        List<Entry> taken = new ArrayList<>();
        StringBuilder head = new StringBuilder(256);
        long begin = System.nanoTime();
        synchronized (this) {
            long first = last - entries.size() + 1;
            for (; started.equals(process) && first <= after && !entries.isEmpty(); first++) {
                octets -= entries.remove().octets();
            }
            takenAt = begin;
            notifyAll();
            for (Iterator<Entry> next = entries.iterator(); next.hasNext() && taken.size() < MOST;) {
                taken.add(next.next());
            }
            begin = taken.isEmpty() ? begin : taken.get(0).at;
            head.append("{\"started\":\"").append(started).append("\",\"first\":").append(first).append(",\"left\":")
                .append(entries.size()).append(",\"dropped\":").append(dropped).append(",\"at\":").append(begin)
                .append(",\"now\":").append(System.nanoTime()).append("}");
        }
        Answer answer = new Answer(begin);
        for (Entry entry : taken) { // without the lock, which broker's threads need
            entry.write(answer);
            if (answer.isFull()) {
                break;
            }
        }
        return answer.with(head);
    }
}
