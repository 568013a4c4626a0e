import { statfs } from 'node:fs/promises';
import {
  Inject,
  Injectable,
  type CanActivate,
  type ExecutionContext,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { CheckFailed, Readiness, LOGGER } from '@allotree/basics';
import { pathOf, type ApiRequest, storageFull } from '@allotree/http';

/** The file system of the embedded database. */
export interface StorageOptions {
  readonly folder: string;
  /** Below this much free space, writes are refused. */
  readonly reserveBytes: number;
  /** Free bytes for this process. Unset: from `statfs`. */
  readonly free?: () => Promise<number>;
}

export const STORAGE_OPTIONS = Symbol('storage options');

const LOOK_MS = 1_000;
/** Writes resume slightly above the reserve, so that the state does not flap. */
const ENOUGH = 1.1;
const MEBIBYTE = 1_048_576;
const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * A PostgreSQL whose disk is full stops, and its reads with it. Writes are therefore refused while there is still room for the background
 * work; reads, signing in and dry runs are not. It recovers automatically when there is space.
 */
@Injectable()
export class Storage implements OnApplicationBootstrap, OnApplicationShutdown {
  private low: string | null = null;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(STORAGE_OPTIONS) private readonly options: StorageOptions | null,
    private readonly readiness: Readiness,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Why writes are refused; `null`: there is room. */
  get reason(): string | null {
    return this.low;
  }

  onApplicationBootstrap(): void {
    if (this.options === null || this.options.reserveBytes === 0) return;
    this.readiness.show('disk', () =>
      this.low === null ? Promise.resolve() : Promise.reject(new CheckFailed(this.low)),
    );
    this.timer = setInterval(() => {
      this.look().catch(() => undefined);
    }, LOOK_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  async look(): Promise<void> {
    if (this.options === null) return;
    const { folder, reserveBytes, free = () => freeBytes(folder) } = this.options;
    const left = await free().catch(() => null);
    if (left === null) return;
    const isLow = left < (this.low === null ? reserveBytes : reserveBytes * ENOUGH);
    if (isLow === (this.low !== null)) return;
    this.low = isLow
      ? `Less than ${Math.ceil(reserveBytes / MEBIBYTE)} MiB are free on the disk of the data folder`
      : null;
    if (isLow)
      this.logger.error({ freeBytes: left, folder }, 'the disk is almost full: writes are refused, reads go on');
    else this.logger.warn({ freeBytes: left, folder }, 'there is space on the disk again: writes are accepted');
  }
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Refuses requests that would write while the disk is almost full. */
@Injectable()
export class StorageGuard implements CanActivate {
  constructor(private readonly storage: Storage) {}

  canActivate(execution: ExecutionContext): boolean {
    if (this.storage.reason === null || execution.getType() !== 'http') return true;
    const request = execution.switchToHttp().getRequest<ApiRequest>();
    if (READS.has(request.method) || pathOf(request).includes('/auth/') || isDryRun(request)) return true;
    throw storageFull(this.storage.reason);
  }
}

const isDryRun = ({ query }: ApiRequest): boolean => (query as { dryRun?: string } | null)?.dryRun === 'true';
