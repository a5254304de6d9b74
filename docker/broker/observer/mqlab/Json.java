package mqlab;

/** Texts as JSON, in ASCII alone. */
final class Json {
    private Json() {
    }

    static void quote(StringBuilder text, String value) {
        text.append('"');
        int plain = 0; // where the characters begin that are written together
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\' || c < ' ' || c > '~') {
                text.append(value, plain, i);
                plain = i + 1;
                if (c == '"' || c == '\\') {
                    text.append('\\').append(c);
                } else {
                    escape(text, isHalf(value, i) ? '\ufffd' : c); // half of a pair is no character, and no JSON
                }
            }
        }
        text.append(value, plain, value.length()).append('"');
    }

    private static boolean isHalf(String value, int i) {
        char c = value.charAt(i);
        return Character.isHighSurrogate(c) && (i + 1 == value.length() || !Character.isLowSurrogate(value.charAt(i + 1)))
            || Character.isLowSurrogate(c) && (i == 0 || !Character.isHighSurrogate(value.charAt(i - 1)));
    }

    private static void escape(StringBuilder text, char c) {
        text.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) {
            text.append(Character.forDigit(c >> shift & 15, 16));
        }
    }
}
