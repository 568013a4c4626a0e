/** The reverse proxy of the processes on this machine: nginx with the configuration of deploy/nginx. */
import { readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { findProgram, MissingProgram, startServer } from './server.mjs';

const TEMPLATE = join(import.meta.dirname, '../nginx/allotree.conf.template');
/** Empty until `npm run build`. */
const CONSOLE = join(import.meta.dirname, '../../apps/console/dist');
const DOCUMENTS = join(import.meta.dirname, '../../docs/reference');

/** Fills in the `${ALLOTREE_...}` variables of the template, like the entry point of the nginx image. */
export const filledIn = (template, values) =>
  template.replace(/\$\{(ALLOTREE_[A-Z_]+)\}/g, (_, name) => {
    if (values[name] === undefined) throw new Error(`the nginx configuration requires ${name}`);
    return values[name];
  });

/** No server is marked as unavailable after a failure: if two restart at the same time, no server would be left. */
const servers = (ports) => ports.map((port) => `server 127.0.0.1:${port} max_fails=0;`).join(' ');

/**
 * Everything it writes is in its folder, large bodies as well. Started by root, its workers would be `nobody`, who cannot enter a folder with
 * mode 0700; so they stay root, like the services.
 */
const frame = (folder, inside) => `${userInfo().uid === 0 ? 'user root;\n' : ''}worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx.log warn;
worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `  ${kind}_temp_path ${folder}/${kind};`).join('\n')}
${inside}}
`;

export function requireNginx() {
  if (findProgram('nginx') === null) throw new MissingProgram('nginx', 'See https://nginx.org.', ['nginx-light']);
}

/**
 * Writes `nginx.conf` into a folder.
 *
 * @param {{host: string, port: number, replicas: Record<'group' | 'license' | 'notification' | 'reporting', number[]>}} door
 *   the address of nginx and the ports of the replicas of each service
 */
export async function writeConfiguration(folder, { host, port, replicas }) {
  const inside = filledIn(await readFile(TEMPLATE, 'utf8'), {
    ALLOTREE_LISTEN: `${host}:${port}`,
    ALLOTREE_RESOLVER: '',
    ALLOTREE_GROUP_SERVERS: servers(replicas.group),
    ALLOTREE_LICENSE_SERVERS: servers(replicas.license),
    ALLOTREE_NOTIFICATION_SERVERS: servers(replicas.notification),
    ALLOTREE_REPORTING_SERVERS: servers(replicas.reporting),
    ALLOTREE_ACCESS_LOG: join(folder, 'access.log'),
    ALLOTREE_BODY_LIMIT: '1m',
    ALLOTREE_LARGE_BODY_LIMIT: '16m',
    ALLOTREE_WHOLE_PROJECT_LIMIT: '64m',
    ALLOTREE_DOCUMENTS: DOCUMENTS,
    ALLOTREE_CONSOLE: CONSOLE,
  });
  await writeFile(join(folder, 'nginx.conf'), frame(folder, inside));
}

const nginx = ({ host, ports: replicas }) => ({
  name: 'nginx',
  portNames: ['http'],
  stopSignal: 'SIGTERM',
  requirePrograms: requireNginx,
  prepare: ({ folder, ports }) => writeConfiguration(folder, { host, port: ports.http, replicas }),
  launch: ({ folder }) => ({
    program: findProgram('nginx'),
    args: ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'nginx.log')],
  }),
  isReady: async ({ ports }) =>
    (await fetch(`http://127.0.0.1:${ports.http}/health/live`, { signal: AbortSignal.timeout(2_000) })).ok,
  address: ({ ports }) => `http://127.0.0.1:${ports.http}`,
});

/** A running nginx in front of the services; its `address` is an `http://` URL. Options: see `startServer`. */
export const startNginx = (door, options) => startServer(nginx({ host: '127.0.0.1', ...door }), options);
