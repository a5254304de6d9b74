package mqlab;

import org.apache.activemq.command.MessageId;

/** One event as it waits in the buffer. It is made on a broker's thread: it holds numbers and shared names, and no text of its own. */
abstract class Entry {
    final long at; // the broker's clock, ns

    Entry(long at) {
        this.at = at;
    }

    /** Returns about how many bytes it needs in memory. */
    abstract int octets();

    /** Writes it as one line. */
    abstract void write(Answer answer);

    /** An event that is rare, or has many texts: a JSON object. */
    static final class Line extends Entry {
        private final String text;

        Line(long at, String text) {
            super(at);
            this.text = text;
        }

        @Override
        int octets() {
            return 64 + text.length();
        }

        @Override
        void write(Answer answer) {
            answer.text(at, text);
        }
    }

    /** Fields that few messages have. */
    static final class More {
        String original;
        String correlation;
        String transaction;
        String error;
        String cause;
        long lifetime; // milliseconds, 0 for none

        int octets() {
            return 48 + length(original) + length(correlation) + length(transaction) + length(error) + length(cause);
        }

        private static int length(String text) {
            return text == null ? 0 : 48 + text.length();
        }

        void write(Answer answer) {
            answer.more().field("original", original).field("correlation", correlation).field("transaction", transaction)
                .field("error", error).field("cause", cause).field("lifetime", lifetime).endMore();
        }
    }

    /** A message by its id: the name of its producer and a number, or the id that an AMQP sender chose. */
    abstract static class OfMessage extends Entry {
        private final Object producer; // its text is the name
        private final long number; // -1: the name is the whole id
        private final String destination;
        private More more;

        OfMessage(long at, MessageId id, String destination) {
            super(at);
            boolean chosen = id != null && id.getTextView() != null;
            producer = id == null ? "" : chosen ? id.toString() : id.getProducerId();
            number = id == null || chosen ? -1 : id.getProducerSequenceId();
            this.destination = destination;
        }

        More more() {
            if (more == null) {
                more = new More();
            }
            return more;
        }

        @Override
        int octets() {
            return 64 + (number < 0 ? 64 + producer.toString().length() : 0) + (more == null ? 0 : more.octets());
        }

        final void write(Answer answer, int kind) {
            answer.event(kind, at).name(destination).name(producer).number(number);
        }

        final void end(Answer answer) {
            if (more != null) {
                more.write(answer);
            }
            answer.end();
        }
    }

    /** A message that a broker accepted, or refused. */
    static final class Sent extends OfMessage {
        static final int NETWORK = 1;
        static final int PERSISTENT = 2;
        static final int RETAIN = 4;

        private final String client;
        private final String over;
        private final int flags;
        private long bytes = -1;
        private byte[] digest;
        private long done;

        Sent(MessageId id, String destination, String client, String over, int flags) {
            super(System.nanoTime(), id, destination);
            this.client = client;
            this.over = over;
            this.flags = flags;
        }

        void body(long bytes, byte[] digest) {
            this.bytes = bytes;
            this.digest = digest;
        }

        Sent done(long now) {
            done = now;
            return this;
        }

        @Override
        int octets() {
            return super.octets() + 88;
        }

        @Override
        void write(Answer answer) {
            write(answer, 1);
            answer.name(client).name(over).number(flags).number(bytes).hex(digest).number(done - at);
            end(answer);
        }
    }

    /** A message that was given to a consumer. */
    static final class Dispatched extends OfMessage {
        private final String consumer;
        private final boolean retained;
        private final int redelivered;

        Dispatched(MessageId id, String destination, String consumer, boolean retained, int redelivered) {
            super(System.nanoTime(), id, destination);
            this.consumer = consumer;
            this.retained = retained;
            this.redelivered = redelivered;
        }

        @Override
        void write(Answer answer) {
            write(answer, 2);
            answer.name(consumer).number(retained ? 1 : 0).number(redelivered);
            end(answer);
        }
    }

    /** A message, or several up to it, that a consumer acknowledged. */
    static final class Acknowledged extends OfMessage {
        private final String consumer;
        private final String kind;
        private final int count;
        private final boolean automatic;

        Acknowledged(MessageId id, String destination, String consumer, String kind, int count,
            boolean automatic) {
            super(System.nanoTime(), id, destination);
            this.consumer = consumer;
            this.kind = kind;
            this.count = count;
            this.automatic = automatic;
        }

        @Override
        void write(Answer answer) {
            write(answer, 3);
            answer.name(consumer).name(kind).number(count).number(automatic ? 1 : 0);
            end(answer);
        }
    }
}
