import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '@allotree/http';
import { Readiness, type HealthReport } from '@allotree/basics';

/** Outside the API: for the systems that monitor this one. */
@ApiExcludeController()
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Public()
  @Get('live')
  live(): { status: 'up' } {
    return { status: 'up' };
  }

  @Public()
  @Get('ready')
  async ready(
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ status: 'up' | 'down'; checks: HealthReport['checks']; reasons?: HealthReport['reasons'] }> {
    const { ready, checks, reasons } = await this.readiness.report();
    if (!ready) void reply.status(503);
    const explained = Object.keys(reasons).length > 0 ? { reasons } : {};
    return { status: ready ? 'up' : 'down', checks, ...explained };
  }
}
