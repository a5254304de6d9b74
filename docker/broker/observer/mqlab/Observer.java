package mqlab;

import java.util.ArrayList;
import java.util.List;
import org.apache.activemq.broker.Broker;
import org.apache.activemq.broker.BrokerPlugin;
import org.apache.activemq.command.ActiveMQDestination;
import org.apache.activemq.command.ActiveMQQueue;
import org.apache.activemq.command.ActiveMQTopic;
import org.apache.activemq.filter.DestinationFilter;

/**
 * Observes the messages of chosen destinations: who sent, who was given, and who acknowledged each of them.
 * It changes and delays nothing: its events go into a bounded buffer, from which the lab takes them through JMX.
 */
public final class Observer implements BrokerPlugin {
    private final List<DestinationFilter> filters = new ArrayList<>();
    private int events = 100_000;
    private int octets = 16 * 1024 * 1024;

    /** Sets the patterns, between spaces: `orders.>` is of queues and topics, `queue:…` and `topic:…` of one kind. */
    public void setPatterns(String text) {
        for (String line : text.split("\\s+")) {
            String pattern = line.trim();
            if (pattern.startsWith("queue:")) {
                add(new ActiveMQQueue(pattern.substring(6)));
            } else if (pattern.startsWith("topic:")) {
                add(new ActiveMQTopic(pattern.substring(6)));
            } else if (!pattern.isEmpty()) {
                add(new ActiveMQQueue(pattern));
                add(new ActiveMQTopic(pattern));
            }
        }
    }

    /** Sets how many events the buffer holds. */
    public void setEvents(int most) {
        events = most;
    }

    /** Sets how many bytes the buffer's events need together. */
    public void setOctets(int most) {
        octets = most;
    }

    private void add(ActiveMQDestination destination) {
        filters.add(DestinationFilter.parseFilter(destination));
    }

    @Override
    public Broker installPlugin(Broker next) {
        return new ObservingBroker(next, filters, new EventBuffer(events, octets));
    }
}
