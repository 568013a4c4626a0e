import { applyDecorators, Catch, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';

/** The transport of a consumer group: a handler is called by the bus server of its own group only. */
export const busTransport = (groupId: string): symbol => Symbol.for(`allotree:bus:${groupId}`);

/** Rethrows the error of a handler to the bus unchanged: the bus retries, then files it with the dead letter. */
@Catch()
class PassToBus implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/**
 * Handles one `CloudEvent` of a topic at a time, for a consumer group: at least once, in order per key, retried and
 * then filed as a dead letter. The method's one parameter is the event (`@Payload()` is not needed).
 */
export const OnIntegrationEvent = (topic: string, groupId: string): MethodDecorator =>
  applyDecorators(EventPattern(topic, busTransport(groupId)) as MethodDecorator, UseFilters(PassToBus));

/**
 * Like `OnIntegrationEvent` for `CloudEvent[]`: consecutive events of one key, oldest first. When the batch keeps
 * failing its events are handled one by one, and those that still fail become dead letters.
 */
export const OnIntegrationEvents = (topic: string, groupId: string): MethodDecorator =>
  applyDecorators(
    EventPattern(topic, busTransport(groupId), { batch: true }) as MethodDecorator,
    UseFilters(PassToBus),
  );
