package mqlab;

import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.management.ObjectName;
import javax.management.StandardMBean;
import org.apache.activemq.broker.Broker;
import org.apache.activemq.broker.BrokerFilter;
import org.apache.activemq.broker.ConnectionContext;
import org.apache.activemq.broker.ConsumerBrokerExchange;
import org.apache.activemq.broker.ProducerBrokerExchange;
import org.apache.activemq.broker.TransportConnector;
import org.apache.activemq.broker.region.MessageReference;
import org.apache.activemq.broker.region.Subscription;
import org.apache.activemq.command.ActiveMQBytesMessage;
import org.apache.activemq.command.ActiveMQDestination;
import org.apache.activemq.command.ActiveMQTextMessage;
import org.apache.activemq.command.ConnectionInfo;
import org.apache.activemq.command.ConsumerId;
import org.apache.activemq.command.ConsumerInfo;
import org.apache.activemq.command.Message;
import org.apache.activemq.command.MessageAck;
import org.apache.activemq.command.MessageDispatch;
import org.apache.activemq.command.RemoveSubscriptionInfo;
import org.apache.activemq.command.TransactionId;
import org.apache.activemq.filter.DestinationFilter;
import org.apache.activemq.util.ByteSequence;

/**
 * The outermost filter of the broker. Each method first lets the broker act, except where the event must precede an
 * effect, and no failure of an observation reaches the broker. The end of a dispatch is no event: it comes
 * also for messages that were never written to the client.
 */
final class ObservingBroker extends BrokerFilter {
    private static final int LARGEST_DIGESTED = 1024 * 1024; // bytes: a digest of more would hold up its sender
    private static final int TEXT_HEAD = 4; // bytes before a text's own, with their number
    private static final int MOST_PLACES = 10_000; // destinations that are remembered

    private final List<DestinationFilter> filters;
    private final EventBuffer buffer;
    private final Map<ConsumerId, String> consumers = new ConcurrentHashMap<>(); // the observed ones, and their ids as text
    private final Map<ActiveMQDestination, Place> places = new ConcurrentHashMap<>();
    private final ThreadLocal<MessageDigest> digests = ThreadLocal.withInitial(ObservingBroker::sha256);
    /** The message that this thread dispatches now: an acknowledgement of it within the dispatch is the broker's own. */
    private final ThreadLocal<MessageDispatch> dispatching = new ThreadLocal<>();
    private ObjectName name;

    ObservingBroker(Broker next, List<DestinationFilter> filters, EventBuffer buffer) {
        super(next);
        this.filters = filters;
        this.buffer = buffer;
    }

    @Override
    public void start() throws Exception {
        super.start();
        try {
            name = new ObjectName("org.apache.activemq:type=Broker,brokerName=" + getBrokerName() + ",service=Observer");
            getBrokerService().getManagementContext().registerMBean(new StandardMBean(buffer, ObserverView.class), name);
        } catch (Exception | LinkageError unregistered) {
            System.err.println("mqlab: the observer cannot be reached: " + unregistered);
        }
    }

    @Override
    public void stop() throws Exception {
        super.stop();
        buffer.add(new Event("stopped").entry());
        buffer.awaitTaken(500);
    }

    // Connections and consumers

    @Override
    public void addConnection(ConnectionContext context, ConnectionInfo info) throws Exception {
        super.addConnection(context, info);
        observe(() -> new Event("connected").with("connection", info.getConnectionId()).with("client", info.getClientId())
            .with("user", info.getUserName()).with("address", info.getClientIp()).with("over", connector(context)).entry());
    }

    @Override
    public void removeConnection(ConnectionContext context, ConnectionInfo info, Throwable error) throws Exception {
        try {
            super.removeConnection(context, info, error);
        } finally {
            observe(() -> new Event("disconnected").with("connection", info.getConnectionId()).with("client", info.getClientId())
                .with("error", words(error)).entry());
        }
    }

    @Override
    public Subscription addConsumer(ConnectionContext context, ConsumerInfo info) throws Exception {
        ActiveMQDestination wanted = info.getDestination();
        // A pattern may be wider than what is observed: which of its messages are, each dispatch decides.
        boolean observed = isObserved(wanted)
            || wanted != null && wanted.isPattern() && !wanted.getPhysicalName().startsWith("ActiveMQ.Advisory.");
        if (observed) {
            // Before the broker acts: it may dispatch retained and kept messages while it adds the consumer.
            consumers.put(info.getConsumerId(), info.getConsumerId().toString());
            observe(() -> new Event("subscribed").with("consumer", info.getConsumerId()).with("client", client(context))
                .with("connection", context.getConnectionId()).with("user", context.getUserName())
                .with("destination", info.getDestination().getQualifiedName()).with("selector", info.getSelector())
                .with("durable", info.getSubscriptionName()).with("over", connector(context))
                .flag("network", info.isNetworkSubscription() || context.isNetworkConnection()).flag("browser", info.isBrowser())
                .flag("no_local", info.isNoLocal()).entry());
        }
        try {
            return super.addConsumer(context, info);
        } catch (Exception error) {
            if (observed) {
                consumers.remove(info.getConsumerId());
                observe(() -> new Event("unsubscribed").with("consumer", info.getConsumerId()).with("error", words(error)).entry());
            }
            throw error;
        }
    }

    @Override
    public void removeConsumer(ConnectionContext context, ConsumerInfo info) throws Exception {
        try {
            super.removeConsumer(context, info);
        } finally {
            if (consumers.remove(info.getConsumerId()) != null) {
                observe(() -> new Event("unsubscribed").with("consumer", info.getConsumerId()).entry());
            }
        }
    }

    @Override
    public void removeSubscription(ConnectionContext context, RemoveSubscriptionInfo info) throws Exception {
        super.removeSubscription(context, info);
        observe(() -> new Event("forgotten").with("client", info.getClientId()).with("durable", info.getSubscriptionName()).entry());
    }

    // Messages

    @Override
    public void send(ProducerBrokerExchange exchange, Message message) throws Exception {
        if (!isObserved(message.getDestination()) && !isObserved(message.getOriginalDestination())) {
            super.send(exchange, message);
            return;
        }
        Entry.Sent sent = made(() -> sent(exchange.getConnectionContext(), message));
        Exception failed = null;
        try {
            super.send(exchange, message);
        } catch (Exception error) {
            failed = error;
            throw error;
        } finally {
            if (sent != null) {
                Exception error = failed;
                observe(() -> {
                    if (error != null) {
                        sent.more().error = words(error);
                    }
                    return sent.done(System.nanoTime());
                });
            }
        }
    }

    private Entry.Sent sent(ConnectionContext context, Message message) throws Exception {
        ActiveMQDestination original = message.getOriginalDestination();
        int flags = (context.isNetworkConnection() ? Entry.Sent.NETWORK : 0) | (message.isPersistent() ? Entry.Sent.PERSISTENT : 0)
            | (isTrue(message.getProperty("ActiveMQ.Retain")) ? Entry.Sent.RETAIN : 0);
        Entry.Sent sent = new Entry.Sent(message.getMessageId(), place(message.getDestination()).name, client(context), connector(context), flags);
        Object cause = message.getProperty("dlqDeliveryFailureCause");
        if (original != null || message.getCorrelationId() != null || message.getTransactionId() != null || cause != null
            || message.getExpiration() != 0) {
            Entry.More more = sent.more();
            more.original = original == null ? null : place(original).name;
            more.correlation = message.getCorrelationId();
            more.transaction = text(message.getTransactionId());
            more.cause = text(cause);
            more.lifetime = message.getExpiration() == 0 ? 0 : message.getExpiration() - message.getTimestamp();
        }
        body(sent, message);
        return sent;
    }

    /** Adds the size and the digest of the body as its sender wrote it; the message keeps what the broker has of it. */
    private void body(Entry.Sent sent, Message message) throws Exception {
        if (message.getClass() == ActiveMQBytesMessage.class) {
            ((ActiveMQBytesMessage) message).storeContent(); // as the broker does before it stores or copies a message
        }
        ByteSequence content = message.getContent();
        if (content != null && (content.getLength() > LARGEST_DIGESTED || message.isCompressed())) { // it may unpack to far more
            sent.body(content.getLength(), null);
            return;
        }
        if (message.getClass() == ActiveMQTextMessage.class) {
            if (content != null && isPlainText(content)) {
                digest(sent, content.getData(), content.getOffset() + TEXT_HEAD, content.getLength() - TEXT_HEAD);
                return;
            }
            // To read a text drops the broker's bytes, so of a copy; without bytes there is only the text.
            String text = ((ActiveMQTextMessage) (content == null ? message : message.copy())).getText();
            if (text != null && text.length() > LARGEST_DIGESTED) {
                sent.body(octets(text), null); // the text as bytes would need as much memory again
                return;
            }
            byte[] bytes = text == null ? new byte[0] : text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
            digest(sent, bytes, 0, bytes.length);
            return;
        }
        if (content == null) {
            Message copy = message.copy();
            copy.storeContent();
            content = copy.getContent();
        }
        digest(sent, content == null ? new byte[0] : content.getData(), content == null ? 0 : content.getOffset(),
            content == null ? 0 : content.getLength());
    }

    private void digest(Entry.Sent sent, byte[] bytes, int offset, int length) {
        byte[] sum = null;
        if (length <= LARGEST_DIGESTED) {
            MessageDigest digest = digests.get();
            digest.reset();
            digest.update(bytes, offset, length);
            sum = digest.digest();
        }
        sent.body(length, sum);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (java.security.NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Returns whether a text's bytes, which follow their number, are ASCII: then they are the same in UTF-8. */
    private static boolean isPlainText(ByteSequence content) {
        byte[] data = content.getData();
        int begin = content.getOffset();
        int end = begin + content.getLength();
        if (content.getLength() < TEXT_HEAD || java.nio.ByteBuffer.wrap(data).getInt(begin) != content.getLength() - TEXT_HEAD) {
            return false;
        }
        int bits = 0;
        for (int i = begin + TEXT_HEAD; i < end; i++) {
            bits |= data[i];
        }
        return bits >= 0;
    }

    /** Returns how many bytes a text has in UTF-8. */
    private static long octets(String text) {
        long count = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            count += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3; // a pair has four
        }
        return count;
    }

    @Override
    public void preProcessDispatch(MessageDispatch dispatch) {
        Message message = dispatch.getMessage();
        String consumer = consumers.get(dispatch.getConsumerId());
        if (message != null && consumer != null) {
            if (isObserved(message.getDestination()) || isObserved(message.getOriginalDestination()) || isObserved(dispatch.getDestination())) {
                observe(() -> new Entry.Dispatched(message.getMessageId(), destination(dispatch.getDestination(), message), consumer,
                    isTrue(message.getProperty("ActiveMQ.Retained")), dispatch.getRedeliveryCounter()));
            }
            dispatching.set(dispatch);
        }
        super.preProcessDispatch(dispatch);
    }

    @Override
    public void postProcessDispatch(MessageDispatch dispatch) {
        if (dispatch.getMessage() != null) {
            dispatching.set(null);
        }
        super.postProcessDispatch(dispatch);
    }

    /** Returns whether an acknowledgement is made by the broker while it dispatches, without the client's doing. */
    private boolean isAutomatic(MessageAck ack) {
        MessageDispatch now = dispatching.get();
        return now != null && now.getMessage() != null && now.getConsumerId().equals(ack.getConsumerId())
            && now.getMessage().getMessageId().equals(ack.getLastMessageId());
    }

    @Override
    public void acknowledge(ConsumerBrokerExchange exchange, MessageAck ack) throws Exception {
        Throwable failed = null;
        boolean automatic = isAutomatic(ack);
        try {
            super.acknowledge(exchange, ack);
        } catch (Exception error) {
            failed = error;
            throw error;
        } finally {
            String consumer = consumers.get(ack.getConsumerId());
            if (consumer != null) {
                Throwable error = failed;
                observe(() -> acknowledged(ack, consumer, automatic, error));
            }
        }
    }

    private Entry acknowledged(MessageAck ack, String consumer, boolean automatic, Throwable error) {
        Entry.Acknowledged acknowledged = new Entry.Acknowledged(ack.getLastMessageId(),
            ack.getDestination() == null ? null : place(ack.getDestination()).name, consumer, kind(ack), ack.getMessageCount(), automatic);
        if (ack.getTransactionId() != null || error != null) {
            acknowledged.more().transaction = text(ack.getTransactionId());
            acknowledged.more().error = words(error);
        }
        return acknowledged;
    }

    private static String kind(MessageAck ack) {
        return ack.isIndividualAck() ? "one" : ack.isStandardAck() ? "all" : ack.isPoisonAck() ? "poison" : ack.isDeliveredAck() ? "delivered"
            : ack.isExpiredAck() ? "expired" : ack.isRedeliveredAck() ? "redelivered" : ack.isUnmatchedAck() ? "unmatched" : "other";
    }

    @Override
    public void commitTransaction(ConnectionContext context, TransactionId transaction, boolean onePhase) throws Exception {
        super.commitTransaction(context, transaction, onePhase);
        observe(() -> new Event("committed").with("transaction", transaction).entry());
    }

    @Override
    public void rollbackTransaction(ConnectionContext context, TransactionId transaction) throws Exception {
        super.rollbackTransaction(context, transaction);
        observe(() -> new Event("rolled-back").with("transaction", transaction).entry());
    }

    @Override
    public void messageExpired(ConnectionContext context, MessageReference reference, Subscription subscription) {
        about("expired", reference, subscription, null);
        super.messageExpired(context, reference, subscription);
    }

    @Override
    public boolean sendToDeadLetterQueue(ConnectionContext context, MessageReference reference, Subscription subscription, Throwable cause) {
        boolean kept = super.sendToDeadLetterQueue(context, reference, subscription, cause);
        // Not kept: the message is gone, as a slow consumer's oldest one is.
        about(kept ? "dead-lettered" : "discarded", reference, subscription, cause);
        return kept;
    }

    @Override
    public void messageDiscarded(ConnectionContext context, Subscription subscription, MessageReference reference) {
        about("discarded", reference, subscription, null);
        super.messageDiscarded(context, subscription, reference);
    }

    private void about(String kind, MessageReference reference, Subscription subscription, Throwable cause) {
        observe(() -> {
            Message message = reference.getMessage();
            if (message == null || !isObserved(message.getDestination()) && !isObserved(message.getOriginalDestination())) {
                return null;
            }
            return new Event(kind).with("message", message.getMessageId()).with("destination", message.getDestination().getQualifiedName())
                .with("consumer", subscription == null ? null : subscription.getConsumerInfo().getConsumerId()).with("cause", words(cause)).entry();
        });
    }

    // What is common

    private interface Observation<E> {
        E make() throws Exception;
    }

    /** Makes an event; one that cannot be made is counted as dropped. */
    private <E> E made(Observation<E> observation) {
        try {
            return observation.make();
        } catch (Exception | LinkageError | OutOfMemoryError unexpected) {
            buffer.drop();
            return null;
        }
    }

    private void observe(Observation<Entry> observation) {
        Entry entry = made(observation);
        if (entry != null) {
            buffer.add(entry);
        }
    }

    /** A destination's name, once for all of its events, and whether it is observed. */
    private static final class Place {
        final String name;
        final boolean observed;

        Place(String name, boolean observed) {
            this.name = name;
            this.observed = observed;
        }
    }

    private Place place(ActiveMQDestination destination) {
        Place place = places.get(destination);
        if (place == null) {
            if (places.size() >= MOST_PLACES) {
                places.clear();
            }
            place = new Place(destination.getQualifiedName(), decide(destination));
            places.put(destination, place);
        }
        return place;
    }

    private boolean isObserved(ActiveMQDestination destination) {
        return destination != null && place(destination).observed;
    }

    private boolean decide(ActiveMQDestination destination) {
        if (destination.getPhysicalName().startsWith("ActiveMQ.Advisory.")) {
            return false;
        }
        if (destination.isComposite()) {
            for (ActiveMQDestination part : destination.getCompositeDestinations()) {
                if (decide(part)) {
                    return true;
                }
            }
            return false;
        }
        for (DestinationFilter filter : filters) {
            if (filter.matches(destination)) {
                return true;
            }
        }
        return false;
    }

    private static String text(Object value) {
        return value == null ? null : value.toString();
    }

    private static boolean isTrue(Object property) {
        return Boolean.TRUE.equals(property) || property != null && "true".equals(property.toString());
    }

    private String destination(ActiveMQDestination dispatched, Message message) {
        // A wildcard consumer's dispatch names the consumer's own pattern.
        ActiveMQDestination destination = dispatched == null || dispatched.isPattern() ? message.getDestination() : dispatched;
        return destination == null ? null : place(destination).name;
    }

    private static String client(ConnectionContext context) {
        return context == null ? null : context.getClientId();
    }

    private static String connector(ConnectionContext context) {
        return context.getConnector() instanceof TransportConnector ? ((TransportConnector) context.getConnector()).getName() : "vm";
    }

    private static String words(Throwable error) {
        return error == null ? null : error.getClass().getSimpleName() + ": " + error.getMessage();
    }
}
