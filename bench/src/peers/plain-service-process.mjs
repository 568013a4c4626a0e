/**
 * The process of `plain-service.mjs`. A message `{ databaseUrl, token }` starts it and is answered with its address; `stop`
 * ends it.
 */
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import {
  BadRequestException,
  Body,
  ConflictException,
  Controller,
  Get,
  Module,
  NotFoundException,
  Param,
  Post,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import pg from 'pg';

const CONNECTIONS = 16;

let pool;
let authorization;

class TokenGuard {
  canActivate(execution) {
    if (execution.switchToHttp().getRequest().headers.authorization === authorization) return true;
    throw new UnauthorizedException();
  }
}

const ASSIGN = { name: 'assign', text: 'SELECT plain.assign($1, $2, $3, $4, $5) AS found' };
const LIMIT_EXCEEDED = 'P0001';

const QUOTA = {
  name: 'quota',
  text: `
    SELECT node.group_id AS "groupId", node.capacity, node.used,
      (SELECT min(above.capacity - above.used) FROM plain.node above WHERE above.group_id = ANY (node.path)) AS free
    FROM plain.node node WHERE node.group_id = $1`,
};

class GroupController {
  async assign(groupId, { resource, label } = {}) {
    if (resource !== 'sip_number' || (label !== undefined && typeof label !== 'string'))
      throw new BadRequestException();
    const assignmentId = randomUUID();
    const values = [groupId, assignmentId, resource, label ?? null, 'user:bench'];
    const { rows } = await pool.query({ ...ASSIGN, values }).catch((error) => {
      throw error.code === LIMIT_EXCEEDED ? new ConflictException(error.message) : error;
    });
    if (!rows[0].found) throw new NotFoundException();
    return { assignmentId, groupId, resource, label };
  }

  async quota(groupId) {
    const { rows } = await pool.query({ ...QUOTA, values: [groupId] });
    if (rows[0] === undefined) throw new NotFoundException();
    return rows[0];
  }
}

class BareController {
  empty() {
    return {};
  }
}

const handler = (controller, name, ...decorators) => {
  const descriptor = Object.getOwnPropertyDescriptor(controller.prototype, name);
  for (const decorate of decorators) decorate(controller.prototype, name, descriptor);
};
Param('g')(GroupController.prototype, 'assign', 0);
Body()(GroupController.prototype, 'assign', 1);
Param('g')(GroupController.prototype, 'quota', 0);
handler(GroupController, 'assign', Post('assignments'));
handler(GroupController, 'quota', Get('quota'));
Controller('api/v1/projects/:p/groups/:g')(GroupController);
UseGuards(TokenGuard)(GroupController);
handler(BareController, 'empty', Get());
Controller('bare')(BareController);

class PlainModule {}
Module({ controllers: [GroupController, BareController] })(PlainModule);

async function start({ databaseUrl, token }) {
  pool = new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS });
  authorization = `Bearer ${token}`;
  const app = await NestFactory.create(PlainModule, new FastifyAdapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

let running;
process.on('message', async (message) => {
  if (message === 'stop') {
    await running?.close();
    await pool?.end();
    process.exit(0);
  }
  const { app, url } = await start(message);
  running = app;
  process.send({ url });
});
process.on('disconnect', () => process.exit(1));
