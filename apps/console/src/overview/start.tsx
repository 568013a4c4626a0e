import { lazy } from 'react';
import { isSmall, useMe } from '../api/access.js';

const Overview = lazy(async () => ({ default: (await import('./overview.js')).Overview }));
const SmallHome = lazy(async () => ({ default: (await import('../home/home.js')).SmallHome }));

/** The first page: the overview, or the small console of a concierge or a resident. */
export function Start() {
  return isSmall(useMe()) ? <SmallHome /> : <Overview />;
}
