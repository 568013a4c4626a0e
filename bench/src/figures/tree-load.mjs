import { projectAggregate } from '@allotree/domain';
import { CommandRuntime, PostgresEventStore, PostgresSnapshotStore } from '@allotree/event-sourcing';
import { withDatabase } from '../database.mjs';
import { interleave } from '../measure.mjs';
import { assign, context, largeTree, openingCommands, restrictionCommands } from '../projects.mjs';
import { accepted } from '../runtime.mjs';
import { row } from '../table.mjs';
