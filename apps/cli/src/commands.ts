import type { AddCommand } from './command.js';
import { addApply } from './commands/apply.js';
import { addBackup } from './commands/backup.js';
import { addCompletion } from './commands/completion.js';
import { addDiff } from './commands/diff.js';
import { addDlq } from './commands/dlq.js';
import { addDoctor } from './commands/doctor.js';
import { addDrift } from './commands/drift.js';
import { addEvents } from './commands/events.js';
import { addExport } from './commands/export.js';
import { addGet } from './commands/get.js';
import { addHistory } from './commands/history.js';
import { addImport } from './commands/import.js';
import { addList } from './commands/list.js';
import { addLogin, addLogout } from './commands/login.js';
import { addPlan } from './commands/plan.js';
import { addProfile } from './commands/profile.js';
import { addProjections } from './commands/projections.js';
import { addQuota } from './commands/quota.js';
import { addSearch } from './commands/search.js';
import { addSql } from './commands/sql.js';
import { addStatements } from './commands/statements.js';
import { addUsage } from './commands/usage.js';
import { addVerify } from './commands/verify.js';
import { addWebhook } from './commands/webhook.js';
import { addWhoami } from './commands/whoami.js';
import { addWhy } from './commands/why.js';

/** Every command, in the order of the help. */
export const COMMANDS: readonly AddCommand[] = [
  addLogin,
  addLogout,
  addWhoami,
  addProfile,
  addDoctor,
  addList,
  addGet,
  addQuota,
  addWhy,
  addUsage,
  addHistory,
  addDiff,
  addSearch,
  addEvents,
  addWebhook,
  addStatements,
  addProjections,
  addDlq,
  addSql,
  addVerify,
  addBackup,
  addPlan,
  addApply,
  addDrift,
  addExport,
  addImport,
  addCompletion,
];
