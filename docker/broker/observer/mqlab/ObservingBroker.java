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

    private final List<DestinationFilter> filters;
    private final EventBuffer buffer;
    private final Map<ConsumerId, ActiveMQDestination> consumers = new ConcurrentHashMap<>();
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
        buffer.add(new Event("stopped").line());
        buffer.awaitTaken(500);
    }

    // Connections and consumers

    @Override
    public void addConnection(ConnectionContext context, ConnectionInfo info) throws Exception {
        super.addConnection(context, info);
        observe(() -> new Event("connected").with("connection", info.getConnectionId()).with("client", info.getClientId())
            .with("user", info.getUserName()).with("address", info.getClientIp()).with("over", connector(context)));
    }

    @Override
    public void removeConnection(ConnectionContext context, ConnectionInfo info, Throwable error) throws Exception {
        try {
            super.removeConnection(context, info, error);
        } finally {
            observe(() -> new Event("disconnected").with("connection", info.getConnectionId()).with("client", info.getClientId())
                .with("error", words(error)));
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
            consumers.put(info.getConsumerId(), info.getDestination());
            observe(() -> new Event("subscribed").with("consumer", info.getConsumerId()).with("client", client(context))
                .with("connection", context.getConnectionId()).with("user", context.getUserName())
                .with("destination", info.getDestination().getQualifiedName()).with("selector", info.getSelector())
                .with("durable", info.getSubscriptionName()).with("over", connector(context))
                .flag("network", info.isNetworkSubscription() || context.isNetworkConnection()).flag("browser", info.isBrowser()));
        }
        try {
            return super.addConsumer(context, info);
        } catch (Exception error) {
            if (observed) {
                consumers.remove(info.getConsumerId());
                observe(() -> new Event("unsubscribed").with("consumer", info.getConsumerId()).with("error", words(error)));
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
                observe(() -> new Event("unsubscribed").with("consumer", info.getConsumerId()));
            }
        }
    }

    @Override
    public void removeSubscription(ConnectionContext context, RemoveSubscriptionInfo info) throws Exception {
        super.removeSubscription(context, info);
        observe(() -> new Event("forgotten").with("client", info.getClientId()).with("durable", info.getSubscriptionName()));
    }

    // Messages

    @Override
    public void send(ProducerBrokerExchange exchange, Message message) throws Exception {
        if (!isObserved(message.getDestination()) && !isObserved(message.getOriginalDestination())) {
            super.send(exchange, message);
            return;
        }
        Event event = observation(() -> sent(exchange, message));
        try {
            super.send(exchange, message);
        } catch (Exception error) {
            if (event != null) {
                event.with("error", words(error));
            }
            throw error;
        } finally {
            observe(() -> event == null ? null : event.with("done", System.nanoTime()));
        }
    }

    private static Event sent(ProducerBrokerExchange exchange, Message message) throws Exception {
        ConnectionContext context = exchange.getConnectionContext();
        Event event = new Event("sent").with("message", message.getMessageId()).with("destination", message.getDestination().getQualifiedName())
            .with("client", client(context)).with("connection", context.getConnectionId()).with("producer", message.getProducerId())
            .with("over", connector(context)).flag("network", context.isNetworkConnection()).flag("persistent", message.isPersistent())
            .flag("retain", isTrue(message.getProperty("ActiveMQ.Retain")))
            .with("original", message.getOriginalDestination() == null ? null : message.getOriginalDestination().getQualifiedName())
            .with("correlation", message.getCorrelationId()).with("transaction", message.getTransactionId())
            .with("cause", message.getProperty("dlqDeliveryFailureCause"));
        if (message.getExpiration() != 0) {
            event.with("lifetime", message.getExpiration() - message.getTimestamp());
        }
        body(event, message);
        return event;
    }

    /** Adds the size and the digest of the body as its sender wrote it. Of a copy: to read a text drops the broker's bytes. */
    private static void body(Event event, Message message) throws Exception {
        Message copy = message.copy();
        byte[] bytes;
        int offset = 0;
        int length;
        ByteSequence content = copy.getContent();
        if (content != null && (content.getLength() > LARGEST_DIGESTED || copy.isCompressed())) { // it may unpack to far more
            event.with("bytes", content.getLength());
            return;
        }
        if (copy instanceof ActiveMQTextMessage) {
            String text = ((ActiveMQTextMessage) copy).getText();
            if (text != null && text.length() > LARGEST_DIGESTED) {
                event.with("bytes", octets(text)); // the text as bytes would need as much memory again
                return;
            }
            bytes = text == null ? new byte[0] : text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
            length = bytes.length;
        } else {
            copy.storeContent();
            content = copy.getContent();
            bytes = content == null ? new byte[0] : content.getData();
            offset = content == null ? 0 : content.getOffset();
            length = content == null ? 0 : content.getLength();
        }
        event.with("bytes", length);
        if (length <= LARGEST_DIGESTED) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(bytes, offset, length);
            byte[] sum = digest.digest();
            StringBuilder hex = new StringBuilder(64);
            for (byte part : sum) {
                hex.append(Character.forDigit(part >> 4 & 15, 16)).append(Character.forDigit(part & 15, 16));
            }
            event.with("digest", hex);
        }
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
        if (message != null && consumers.containsKey(dispatch.getConsumerId()) && (isObserved(message.getDestination())
            || isObserved(message.getOriginalDestination()) || isObserved(dispatch.getDestination()))) {
            observe(() -> new Event("dispatched").with("message", message.getMessageId())
                .with("destination", destination(dispatch.getDestination(), message)).with("consumer", dispatch.getConsumerId())
                .flag("retained", isTrue(message.getProperty("ActiveMQ.Retained"))).with("redelivered", dispatch.getRedeliveryCounter()));
        }
        dispatching.set(dispatch);
        super.preProcessDispatch(dispatch);
    }

    @Override
    public void postProcessDispatch(MessageDispatch dispatch) {
        dispatching.remove();
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
            if (consumers.containsKey(ack.getConsumerId())) {
                Throwable error = failed;
                observe(() -> new Event("acknowledged").with("kind", kind(ack)).with("consumer", ack.getConsumerId())
                    .with("destination", ack.getDestination() == null ? null : ack.getDestination().getQualifiedName())
                    .with("message", ack.getLastMessageId()).with("first", ack.getFirstMessageId()).with("count", ack.getMessageCount())
                    .with("transaction", ack.getTransactionId()).flag("automatic", automatic).with("error", words(error)));
            }
        }
    }

    private static String kind(MessageAck ack) {
        return ack.isIndividualAck() ? "one" : ack.isStandardAck() ? "all" : ack.isPoisonAck() ? "poison" : ack.isDeliveredAck() ? "delivered"
            : ack.isExpiredAck() ? "expired" : ack.isRedeliveredAck() ? "redelivered" : ack.isUnmatchedAck() ? "unmatched" : "other";
    }

    @Override
    public void commitTransaction(ConnectionContext context, TransactionId transaction, boolean onePhase) throws Exception {
        super.commitTransaction(context, transaction, onePhase);
        observe(() -> new Event("committed").with("transaction", transaction));
    }

    @Override
    public void rollbackTransaction(ConnectionContext context, TransactionId transaction) throws Exception {
        super.rollbackTransaction(context, transaction);
        observe(() -> new Event("rolled-back").with("transaction", transaction));
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
                .with("consumer", subscription == null ? null : subscription.getConsumerInfo().getConsumerId()).with("cause", words(cause));
        });
    }

    // What is common

    private interface Observation {
        Event make() throws Exception;
    }

    /** Makes an event; one that cannot be made is counted as dropped. */
    private Event observation(Observation observation) {
        try {
            return observation.make();
        } catch (Exception | LinkageError | OutOfMemoryError unexpected) {
            buffer.drop();
            return null;
        }
    }

    private void observe(Observation observation) {
        Event event = observation(observation);
        if (event != null) {
            buffer.add(event.line());
        }
    }

    private boolean isObserved(ActiveMQDestination destination) {
        if (destination == null || destination.getPhysicalName().startsWith("ActiveMQ.Advisory.")) {
            return false;
        }
        if (destination.isComposite()) {
            for (ActiveMQDestination part : destination.getCompositeDestinations()) {
                if (isObserved(part)) {
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

    private static boolean isTrue(Object property) {
        return Boolean.TRUE.equals(property) || property != null && "true".equals(property.toString());
    }

    private static String destination(ActiveMQDestination dispatched, Message message) {
        // A wildcard consumer's dispatch names the consumer's own pattern.
        ActiveMQDestination destination = dispatched == null || dispatched.isPattern() ? message.getDestination() : dispatched;
        return destination == null ? null : destination.getQualifiedName();
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
