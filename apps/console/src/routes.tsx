import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { accessToken } from './api/session.js';
import { me } from './api/me.js';
import { groupQuery } from './groups/group-query.js';
import { projectQuery } from './projects/project-query.js';
import { RESOURCES, type Resource } from './parts/limit-text.js';
import { NotFound } from './parts/not-found.js';
import { Failure } from './parts/failure.js';
import { Shell } from './shell/shell.js';
import { WINDOWS, type Window } from './usage/usage-query.js';
import { showLanguageOf } from './words/index.js';

export const GROUP_TABS = ['licenses', 'use', 'members', 'devices', 'history'] as const;
export type GroupTab = (typeof GROUP_TABS)[number];

/** Of a page of usage; days are those of the project. */
export interface UsageSearch {
  readonly resource?: Resource;
  readonly window?: Window;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** An instant in the address; what is none is ignored. */
const instant = (value: unknown): string | undefined =>
  Number.isNaN(Date.parse(text(value) ?? '')) ? undefined : text(value);

/** A date in the address; what is none is ignored. */
const date = (value: unknown): string | undefined => {
  const day = text(value);
  return day !== undefined && /^\d{4}-\d\d-\d\d$/.test(day) ? instant(day) : undefined;
};

const root = createRootRouteWithContext<{ queries: QueryClient }>()({ component: Outlet, notFoundComponent: NotFound });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search): { to?: string } => {
    const to = text(search['to']);
    // Back to a page of the console, never to another site.
    return to !== undefined && /^\/(?!\/|\\)/.test(to) ? { to } : {};
  },
  component: lazyRouteComponent(() => import('./sign-in/sign-in.js'), 'SignIn'),
});

/** Everything that needs somebody signed in. */
const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  beforeLoad: async ({ context: { queries }, location }) => {
    if ((await accessToken()) === null) throw redirect({ to: '/sign-in', search: { to: location.href } });
    const { language } = await queries.ensureQueryData(me);
    await showLanguageOf(language);
  },
  component: Shell,
  errorComponent: Failure,
});

const overview = createRoute({
  getParentRoute: () => inside,
  path: '/',
  component: lazyRouteComponent(() => import('./overview/overview.js'), 'Overview'),
});
const projects = createRoute({
  getParentRoute: () => inside,
  path: '/projects',
  component: lazyRouteComponent(() => import('./projects/projects.js'), 'Projects'),
});
const project = createRoute({
  getParentRoute: () => inside,
  path: '/projects/$projectId',
  component: lazyRouteComponent(() => import('./projects/project.js'), 'Project'),
});
const group = createRoute({
  getParentRoute: () => inside,
  path: '/projects/$projectId/groups/$groupId',
  validateSearch: (search): { tab?: GroupTab; at?: string } => {
    const tab = GROUP_TABS.find((name) => name === search['tab']);
    const at = instant(search['at']);
    return { ...(tab && { tab }), ...(at !== undefined && { at }) };
  },
  // The page before stays in sight, and keeps the focus, until the group is known.
  loader: async ({ context: { queries }, params: { projectId, groupId } }) => {
    await Promise.all([
      queries.ensureQueryData(projectQuery(projectId)),
      queries.ensureQueryData(groupQuery(projectId, groupId)),
    ]);
  },
  component: lazyRouteComponent(() => import('./groups/object-groups.js'), 'ObjectGroups'),
});
const usage = createRoute({
  getParentRoute: () => inside,
  path: '/projects/$projectId/groups/$groupId/usage',
  validateSearch: (search): UsageSearch => {
    const resource = RESOURCES.find((name) => name === search['resource']);
    const window = WINDOWS.find((name) => name === search['window']);
    const [from, to] = [date(search['from']), date(search['to'])];
    return {
      ...(resource && { resource }),
      ...(window && { window }),
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
    };
  },
  component: lazyRouteComponent(() => import('./usage/usage.js'), 'Usage'),
});
const statements = createRoute({
  getParentRoute: () => inside,
  path: '/statements',
  component: lazyRouteComponent(() => import('./statements/accounts.js'), 'Accounts'),
});
const billingAccount = createRoute({
  getParentRoute: () => inside,
  path: '/statements/$accountId',
  component: lazyRouteComponent(() => import('./statements/billing-account.js'), 'BillingAccount'),
});
const statement = createRoute({
  getParentRoute: () => inside,
  path: '/statements/$accountId/$statementId',
  component: lazyRouteComponent(() => import('./statements/statement.js'), 'Statement'),
});
const partners = createRoute({
  getParentRoute: () => inside,
  path: '/partners',
  component: lazyRouteComponent(() => import('./partners/partners.js'), 'Partners'),
});
const partner = createRoute({
  getParentRoute: () => inside,
  path: '/partners/$partnerId',
  component: lazyRouteComponent(() => import('./partners/partner.js'), 'Partner'),
});
const account = createRoute({
  getParentRoute: () => inside,
  path: '/account',
  component: lazyRouteComponent(() => import('./account/account.js'), 'Account'),
});

const tree = root.addChildren([
  signIn,
  inside.addChildren([
    overview,
    projects,
    project,
    group,
    usage,
    statements,
    billingAccount,
    statement,
    partners,
    partner,
    account,
  ]),
]);

export const createConsoleRouter = (queries: QueryClient) =>
  createRouter({ routeTree: tree, context: { queries }, defaultPreload: 'intent', scrollRestoration: true });
