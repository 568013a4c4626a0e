/** The bus on Kafka: an entry of its own, because it loads the client. */
export { KafkaBus } from './kafka-bus.js';
export { KafkaGroup } from './kafka-group.js';
export { kafkaSettings, type KafkaSettings } from './kafka-settings.js';
