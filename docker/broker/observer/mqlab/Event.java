package mqlab;

/** An event as a JSON object. A field without a value is not written. */
final class Event {
    private final StringBuilder text = new StringBuilder(320);
    private final long at = System.nanoTime();

    Event(String kind) {
        text.append("{\"at\":").append(at).append(",\"event\":\"").append(kind).append('"');
    }

    Event with(String name, Object value) {
        if (value != null) {
            text.append(",\"").append(name).append("\":");
            Json.quote(text, value.toString());
        }
        return this;
    }

    /** Writes a flag that is set; one that is not is left out. */
    Event flag(String name, boolean set) {
        if (set) {
            text.append(",\"").append(name).append("\":true");
        }
        return this;
    }

    Entry entry() {
        return new Entry.Line(at, text.append('}').toString());
    }
}
