import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  notFound,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { groupSearch, usageSearch } from './address.js';
import { accessToken } from './api/session.js';
import { isSmall } from './api/access.js';
import { me } from './api/me.js';
import { sees, type Page } from './api/pages.js';
import { groupQuery } from './groups/group-query.js';
import { quotaQuery } from './groups/quota-query.js';
import { prefetchRows } from './groups/tree-query.js';
import { projectQuery } from './projects/project-query.js';
import { NOT_ALLOWED, NotFound } from './parts/not-found.js';
import { PageFailure } from './parts/failure.js';
import { Shell } from './shell/shell.js';
import { text } from './search-values.js';
import { needWords, showLanguageOf, type Part } from './words/index.js';

/** The code of a page together with its texts. */
const withWords = async <Module,>(code: Promise<Module>, ...parts: readonly Part[]): Promise<Module> => {
  const [loaded] = await Promise.all([code, needWords(...parts)]);
  return loaded;
};

const root = createRootRouteWithContext<{ queries: QueryClient }>()({ component: Outlet, notFoundComponent: NotFound });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search): { to?: string; refused?: string } => {
    const to = text(search['to']);
    const refused = text(search['refused']);
    return {
      // Back to a page of the console, never to another site.
      ...(to !== undefined && /^\/(?![/\\])[^\s\\]*$/.test(to) && { to }),
      ...(refused !== undefined && /^[\w-]{1,100}$/.test(refused) && { refused }),
    };
  },
  component: lazyRouteComponent(() => withWords(import('./sign-in/sign-in.js'), 'links'), 'SignIn'),
});

/** Where links in mails lead; a concierge and a resident see their groups on their first page. */
const OF_GROUP = /^\/projects\/[^/]+\/groups\/[^/]+$/;

const password = createRoute({
  getParentRoute: () => root,
  path: '/password',
  component: lazyRouteComponent(() => withWords(import('./links/password.js'), 'links'), 'Password'),
});
const invitation = createRoute({
  getParentRoute: () => root,
  path: '/invitations',
  component: lazyRouteComponent(() => withWords(import('./links/invitation.js'), 'links'), 'Invitation'),
});
const registration = createRoute({
  getParentRoute: () => root,
  path: '/registrations',
  component: lazyRouteComponent(() => withWords(import('./links/registration.js'), 'links', 'pages'), 'Registration'),
});

/** Everything that needs somebody signed in. */
const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  beforeLoad: async ({ context: { queries }, location }) => {
    if ((await accessToken()) === null) throw redirect({ to: '/sign-in', search: { to: location.href } });
    const self = await queries.ensureQueryData(me);
    await showLanguageOf(self.language);
    if (isSmall(self) && OF_GROUP.test(location.pathname)) throw redirect({ to: '/' });
  },
  component: Shell,
  errorComponent: PageFailure,
  notFoundComponent: NotFound,
});

interface OfRoute {
  readonly context: { readonly queries: QueryClient };
}

/** @throws NotFoundError where the person who is signed in may not see the page */
async function allow(page: Page, { context: { queries } }: OfRoute): Promise<void> {
  if (!sees(await queries.ensureQueryData(me), page)) notFound({ throw: true, data: NOT_ALLOWED });
}

/** A page that not everybody may see; the frame around it stays. */
const only = (page: Page) => ({ loader: (route: OfRoute) => allow(page, route), notFoundComponent: NotFound });

const overview = createRoute({
  getParentRoute: () => inside,
  path: '/',
  component: lazyRouteComponent(() => withWords(import('./overview/start.js'), 'home'), 'Start'),
});
const projects = createRoute({
  getParentRoute: () => inside,
  path: '/projects',
  ...only('projects'),
  component: lazyRouteComponent(() => withWords(import('./projects/projects.js'), 'pages'), 'Projects'),
});
const project = createRoute({
  getParentRoute: () => inside,
  path: '/projects/$projectId',
  ...only('projects'),
  component: lazyRouteComponent(() => withWords(import('./projects/project.js'), 'pages', 'groups'), 'Project'),
});
const group = createRoute({
  getParentRoute: () => inside,
  path: '/projects/$projectId/groups/$groupId',
  validateSearch: groupSearch,
  // The page before stays in sight, and keeps the focus, until the group is known.
  loader: async ({ context, location, params: { projectId, groupId } }) => {
    const { queries } = context;
    const { at, state } = groupSearch(location.search);
    await allow('projects', { context });
    // Asked for while the code of the page is loaded; the page shows them, or why they are missing.
    void queries.prefetchQuery(quotaQuery(projectId, groupId, at));
    if (groupId === projectId && state === undefined)
      void prefetchRows(queries, { projectId, shown: { expanded: new Set([projectId]) }, at });
    await Promise.all([
      queries.ensureQueryData(projectQuery(projectId)),
      queries.ensureQueryData(groupQuery(projectId, groupId)),
    ]);
  },
  notFoundComponent: NotFound,
  component: lazyRouteComponent(
    () => withWords(import('./groups/object-groups.js'), 'pages', 'groups', 'happened'),
    'ObjectGroups',
  ),
});
const usage = createRoute({
  getParentRoute: () => inside,
  path: '/projects/$projectId/groups/$groupId/usage',
  ...only('projects'),
  validateSearch: usageSearch,
  component: lazyRouteComponent(() => withWords(import('./usage/usage.js'), 'pages', 'groups', 'home'), 'Usage'),
});
const generate = createRoute({
  getParentRoute: () => inside,
  path: '/projects/$projectId/groups/$groupId/generate',
  ...only('projects'),
  component: lazyRouteComponent(
    () => withWords(import('./groups/generate/generate.js'), 'pages', 'groups'),
    'Generate',
  ),
});
const bulkLimits = createRoute({
  getParentRoute: () => inside,
  path: '/projects/$projectId/groups/$groupId/limits',
  ...only('projects'),
  component: lazyRouteComponent(
    () => withWords(import('./groups/bulk-limits.js'), 'pages', 'groups', 'home'),
    'BulkLimits',
  ),
});
const statements = createRoute({
  getParentRoute: () => inside,
  path: '/statements',
  ...only('statements'),
  component: lazyRouteComponent(() => withWords(import('./statements/accounts.js'), 'pages', 'groups'), 'Accounts'),
});
const billingAccount = createRoute({
  getParentRoute: () => inside,
  path: '/statements/$accountId',
  ...only('statements'),
  component: lazyRouteComponent(
    () => withWords(import('./statements/billing-account.js'), 'pages', 'groups'),
    'BillingAccount',
  ),
});
const statement = createRoute({
  getParentRoute: () => inside,
  path: '/statements/$accountId/$statementId',
  ...only('statements'),
  component: lazyRouteComponent(() => withWords(import('./statements/statement.js'), 'pages', 'groups'), 'Statement'),
});
const partners = createRoute({
  getParentRoute: () => inside,
  path: '/partners',
  ...only('partners'),
  component: lazyRouteComponent(() => withWords(import('./partners/partners.js'), 'pages'), 'Partners'),
});
const partner = createRoute({
  getParentRoute: () => inside,
  path: '/partners/$partnerId',
  ...only('partners'),
  component: lazyRouteComponent(() => withWords(import('./partners/partner.js'), 'pages', 'groups'), 'Partner'),
});
const account = createRoute({
  getParentRoute: () => inside,
  path: '/account',
  component: lazyRouteComponent(
    () => withWords(import('./account/account.js'), 'home', 'links', 'administration'),
    'Account',
  ),
});

const people = createRoute({
  getParentRoute: () => inside,
  path: '/people',
  validateSearch: (search): { place?: string } => {
    const place = text(search['place']);
    return place === undefined ? {} : { place };
  },
  ...only('people'),
  component: lazyRouteComponent(
    () => withWords(import('./administration/people.js'), 'administration', 'pages', 'groups'),
    'People',
  ),
});
const roles = createRoute({
  getParentRoute: () => inside,
  path: '/roles',
  ...only('roles'),
  component: lazyRouteComponent(
    () => withWords(import('./administration/roles.js'), 'administration', 'pages', 'groups'),
    'Roles',
  ),
});
const apiKeys = createRoute({
  getParentRoute: () => inside,
  path: '/api-keys',
  ...only('apiKeys'),
  component: lazyRouteComponent(
    () => withWords(import('./administration/api-keys.js'), 'administration', 'pages', 'groups', 'happened'),
    'ApiKeys',
  ),
});
const mailTemplates = createRoute({
  getParentRoute: () => inside,
  path: '/mail-templates',
  ...only('templates'),
  component: lazyRouteComponent(
    () => withWords(import('./administration/mail-templates.js'), 'administration', 'pages', 'groups'),
    'MailTemplates',
  ),
});
const mailTemplate = createRoute({
  getParentRoute: () => inside,
  path: '/mail-templates/$mailType',
  validateSearch: (search): { tenant?: string } => {
    const tenant = text(search['tenant']);
    return tenant === undefined ? {} : { tenant };
  },
  ...only('templates'),
  component: lazyRouteComponent(
    () => withWords(import('./administration/mail-template.js'), 'administration', 'pages', 'groups', 'home'),
    'MailTemplate',
  ),
});
const deliveries = createRoute({
  getParentRoute: () => inside,
  path: '/deliveries',
  ...only('deliveries'),
  component: lazyRouteComponent(
    () => withWords(import('./administration/deliveries.js'), 'administration', 'pages', 'groups'),
    'Deliveries',
  ),
});
const webhooks = createRoute({
  getParentRoute: () => inside,
  path: '/webhooks',
  ...only('webhooks'),
  component: lazyRouteComponent(
    () => withWords(import('./administration/webhooks.js'), 'administration', 'pages', 'groups', 'happened'),
    'Webhooks',
  ),
});
const webhook = createRoute({
  getParentRoute: () => inside,
  path: '/webhooks/$endpointId',
  ...only('webhooks'),
  component: lazyRouteComponent(
    () => withWords(import('./administration/webhook.js'), 'administration', 'pages', 'groups', 'happened'),
    'Webhook',
  ),
});
const exportsPage = createRoute({
  getParentRoute: () => inside,
  path: '/exports',
  ...only('exports'),
  component: lazyRouteComponent(
    () => withWords(import('./administration/exports.js'), 'administration', 'pages', 'groups'),
    'Exports',
  ),
});
const audit = createRoute({
  getParentRoute: () => inside,
  path: '/audit',
  ...only('audit'),
  component: lazyRouteComponent(
    () => withWords(import('./administration/audit.js'), 'administration', 'pages', 'groups', 'happened'),
    'Audit',
  ),
});
const administration = [
  people,
  roles,
  apiKeys,
  mailTemplates,
  mailTemplate,
  deliveries,
  webhooks,
  webhook,
  exportsPage,
  audit,
] as const;

const tree = root.addChildren([
  signIn,
  password,
  invitation,
  registration,
  inside.addChildren([
    overview,
    projects,
    project,
    group,
    usage,
    generate,
    bulkLimits,
    statements,
    billingAccount,
    statement,
    partners,
    partner,
    account,
    ...administration,
  ]),
]);

/** Loads the code and the texts of the page at the address, while it becomes known who is signed in. */
export function loadCodeOfPage(router: ReturnType<typeof createConsoleRouter>): void {
  const [matchedRoutes] = router.getMatchedRoutes(router.latestLocation.pathname);
  // The page says what is missing when it is shown.
  for (const route of matchedRoutes) router.loadRouteChunk(route)?.catch(() => undefined);
}

export const createConsoleRouter = (queries: QueryClient) =>
  createRouter({
    routeTree: tree,
    context: { queries },
    defaultPreload: 'intent',
    defaultErrorComponent: PageFailure,
    scrollRestoration: true,
  });
