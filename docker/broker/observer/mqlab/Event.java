package mqlab;

/** One event as a JSON object on one line. A field without a value is not written. */
final class Event {
    private final StringBuilder text = new StringBuilder(320);

    Event(String kind) {
        text.append("{\"at\":").append(System.nanoTime()).append(",\"event\":\"").append(kind).append('"');
    }

    Event with(String name, Object value) {
        if (value != null) {
            text.append(",\"").append(name).append("\":");
            quote(value.toString());
        }
        return this;
    }

    Event with(String name, long number) {
        text.append(",\"").append(name).append("\":").append(number);
        return this;
    }

    /** Writes a flag that is set; one that is not is left out. */
    Event flag(String name, boolean set) {
        if (set) {
            text.append(",\"").append(name).append("\":true");
        }
        return this;
    }

    String line() {
        return text.append('}').toString();
    }

    private static boolean isHalf(String value, int i) {
        char c = value.charAt(i);
        return Character.isHighSurrogate(c) && (i + 1 == value.length() || !Character.isLowSurrogate(value.charAt(i + 1)))
            || Character.isLowSurrogate(c) && (i == 0 || !Character.isHighSurrogate(value.charAt(i - 1)));
    }

    private void escape(char c) {
        text.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) {
            text.append(Character.forDigit(c >> shift & 15, 16));
        }
    }

    private void quote(String value) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                escape(isHalf(value, i) ? '\ufffd' : c); // half of a pair is no character, and no JSON
            } else {
                text.append(c);
            }
        }
        text.append('"');
    }
}
