import { createHash, timingSafeEqual } from 'node:crypto';
import { Controller, Get, Headers, Inject, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Registry } from 'prom-client';
import { Problem, Public } from '@allotree/http';
import { CONFIGURATION, METRICS } from '@allotree/basics';
import type { ServiceConfiguration } from './configuration.js';

@ApiExcludeController()
@Controller('metrics')
export class MetricsController {
  constructor(
    @Inject(METRICS) private readonly registry: Registry,
    @Inject(CONFIGURATION) private readonly configuration: ServiceConfiguration,
  ) {}

  @Public()
  @Get()
  async metrics(
    @Res({ passthrough: true }) reply: FastifyReply,
    @Headers('authorization') authorization = '',
  ): Promise<string> {
    this.admit(authorization);
    void reply.header('content-type', this.registry.contentType);
    return this.registry.metrics();
  }

  /** The metrics reveal how much a system is used, and by how many, so they are not public. */
  private admit(authorization: string): void {
    const { METRICS_TOKEN, HOST } = this.configuration;
    if (METRICS_TOKEN === undefined && !isLoopback(HOST))
      throw new Problem('NOT_FOUND', 'There is nothing at this address');
    if (METRICS_TOKEN === undefined) return;
    const digest = (text: string) => createHash('sha256').update(text).digest();
    if (!timingSafeEqual(digest(authorization), digest(`Bearer ${METRICS_TOKEN}`)))
      throw new Problem('UNAUTHENTICATED', 'Send the METRICS_TOKEN in the header Authorization: Bearer <token>');
  }
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host);
