import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { CommandContext } from '@allotree/event-sourcing';
import type { FastifyRequest } from 'fastify';

/** The origin of a request without a signed-in user. */
export interface Visitor {
  readonly address: string;
  readonly userAgent: string;
  readonly correlationId: string | undefined;
}

export const Visitor = createParamDecorator((_data: unknown, execution: ExecutionContext): Visitor => {
  const request = execution.switchToHttp().getRequest<FastifyRequest & { correlationId?: string }>();
  return {
    address: request.ip,
    userAgent: (request.headers['user-agent'] ?? '').replace(/\p{Cc}/gu, ' ').slice(0, 300),
    correlationId: request.correlationId,
  };
});

/** One network to a caller: an address, or the half of a version 6 address that a provider hands out. */
export function networkOf(address: string): string {
  const version4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (version4 !== undefined) return version4;
  const [head = ''] = address.split('::', 1);
  return `${head.split(':').slice(0, 4).join(':')}::`;
}

/** The context of a command that follows from something known by its id: the same command however often it is tried. */
export const contextOf = (
  commandId: string,
  actor: string,
  tenantId: string | null,
  correlationId: string | undefined,
): CommandContext => ({
  commandId,
  correlationId: correlationId ?? commandId,
  causationId: null,
  actor,
  tenantId,
  repeatable: true,
});
