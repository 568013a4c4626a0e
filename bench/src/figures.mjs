/**
 * All figures in the order of the table. `figures/<name>.mjs` exports `run({ server, quick, progress })`. Those that take
 * many minutes are taken only when they are named.
 */
export const FIGURES = [
  { name: 'runtime_many', about: 'commands over 1,000 projects, 64 and 512 callers; peers: emmett, bare inserts' },
  { name: 'runtime_hot', about: 'commands on one project, 64 callers; peer: what emmett accepts' },
  { name: 'http', about: 'assign and quota over HTTP; limit: an empty guarded route' },
  {
    name: 'http_peers',
    about: 'an empty route, peer: Nest alone; assign in one project, quota, peer: a plain service',
  },
  {
    name: 'burst',
    about: 'assign by ten times as many callers; peer: the same without a limit of requests in progress',
  },
  { name: 'http_batch', about: 'assigning in batches over HTTP; peers: single requests, bare inserts of the same' },
  { name: 'authorized', about: 'quota over HTTP with a membership in the project; limit: the same without checks' },
  { name: 'tree_cost', about: 'cost of assign and quota in 101,000 groups; limit: the same in 10 groups' },
  { name: 'tree_load', about: 'loading the 101,000 groups from their snapshot, and what they hold in memory' },
  { name: 'generate', about: 'generating 101,000 groups over HTTP until the quota of the last one answers' },
  {
    name: 'cli',
    about: '101,300 groups by plan and apply, peer: single requests; an import of 100,000 rows',
  },
  { name: 'expiry_tick', about: 'a tick in which 1,000 allotments end, 1,000,000 scheduled; limit: 10,000 scheduled' },
  { name: 'expiry_mails', about: '10,000 reminders from due to delivered to an SMTP server' },
  { name: 'expiry_assign', about: 'assign over HTTP while a tick is under way; limit: without one' },
  { name: 'billing', about: '10,000 projects whose billing periods end at one midnight, until all are closed' },
  {
    name: 'statements',
    about: '10,000 statements, from the events that close the periods; peer: bare inserts of the same rows',
  },
  { name: 'kafka', about: 'publishing to Kafka, peer: a plain producer; until a consumer has what was acknowledged' },
  { name: 'profiles', about: 'assign and quota over HTTP on a cluster; peer: the same on one process, embedded' },
  { name: 'projections', about: 'how fast the projections follow' },
  { name: 'past', about: 'how fast the tables of the past follow; peer: bare inserts; a quota as of an instant' },
  {
    name: 'past_questions',
    about: 'as-of, peer: a full fold; use of all groups, peers: DuckDB, arrays; an export of 1,000,000 rows',
  },
  {
    name: 'past_large',
    about: 'questions over HTTP in a project of 101,000 groups and 10,000,000 events; search in 1,000,000 numbers',
    onRequest: true,
  },
  { name: 'console', about: "the tree of 101,301 groups in Chromium: ready, heap, frames; peer: antd's tree" },
  { name: 'growth', about: 'append, load and quota at 10,000,000 events; limit: at 1,000,000', onRequest: true },
];
