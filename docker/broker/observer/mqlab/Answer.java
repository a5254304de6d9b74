package mqlab;

import java.util.HashMap;
import java.util.Map;

/**
 * The text for the lab: a JSON object about the buffer, a JSON array of names, then a line for each event.
 * An event of a message is a JSON array, whose names are places in the array of names, so that each name comes once.
 */
final class Answer {
    private static final int LARGEST = 512 * 1024; // characters, which Jolokia makes in memory
    private static final char[] HEX = "0123456789abcdef".toCharArray();

    private final StringBuilder lines = new StringBuilder(4096);
    private final StringBuilder names = new StringBuilder(256);
    private final Map<Object, Integer> places = new HashMap<>();
    private long before; // the moment of the event before, from which a line counts
    private boolean first;

    Answer(long begin) {
        before = begin;
    }

    boolean isFull() {
        return lines.length() + names.length() > LARGEST;
    }

    void text(long at, String line) {
        lines.append('\n').append(line);
        before = at;
    }

    Answer event(int kind, long at) {
        lines.append("\n[").append(kind).append(',').append(at - before);
        before = at;
        return this;
    }

    /** Writes the place of a name; the texts of equal objects are equal. */
    Answer name(Object name) {
        Object known = name == null ? "" : name;
        Integer place = places.get(known);
        if (place == null) {
            place = places.size();
            places.put(known, place);
            names.append(place == 0 ? '[' : ',');
            Json.quote(names, known.toString());
        }
        return number(place);
    }

    Answer number(long number) {
        lines.append(',').append(number);
        return this;
    }

    Answer hex(byte[] digest) {
        lines.append(",\"");
        for (int i = 0; digest != null && i < digest.length; i++) {
            lines.append(HEX[digest[i] >> 4 & 15]).append(HEX[digest[i] & 15]);
        }
        lines.append('"');
        return this;
    }

    /** Begins an object at the end of an event, for fields that few messages have. */
    Answer more() {
        lines.append(",{");
        first = true;
        return this;
    }

    Answer field(String name, String value) {
        if (value != null) {
            begin(name);
            Json.quote(lines, value);
        }
        return this;
    }

    Answer field(String name, long number) {
        if (number != 0) {
            begin(name);
            lines.append(number);
        }
        return this;
    }

    private void begin(String name) {
        lines.append(first ? "\"" : ",\"").append(name).append("\":");
        first = false;
    }

    Answer endMore() {
        lines.append('}');
        return this;
    }

    void end() {
        lines.append(']');
    }

    String with(StringBuilder head) {
        return head.append('\n').append(names.length() == 0 ? "[" : names).append(']').append(lines).toString();
    }
}
