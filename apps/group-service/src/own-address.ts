import type { HttpAdapterHost } from '@nestjs/core';

/** Where this process answers: the license service is here too when no other address is configured. */
export function ownAddress({ httpAdapter }: HttpAdapterHost): string {
  const server = httpAdapter.getHttpServer() as {
    address(): { address: string; port: number; family: string } | string | null;
  };
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('this process does not listen on a port');
  const host = address.address === '0.0.0.0' || address.address === '::' ? '127.0.0.1' : address.address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}
