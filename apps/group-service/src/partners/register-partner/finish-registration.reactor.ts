import { followUp } from '@allotree/event-sourcing';
import { partnerAggregate } from '@allotree/domain';
import type { Reactor } from '@allotree/event-sourcing';
import type { Trees } from '../../groups/trees.js';
import { createRegisteredProject } from '../registered-project.js';

/** Creates the project of a registration after a crash. */
export const finishRegistration = (trees: Trees): Reactor => ({
  name: 'finish_registration',
  categories: [partnerAggregate.category],
  eventTypes: ['PartnerRegistered'],
  async handle(events) {
    for (const { type, data, metadata } of events) {
      const event = partnerAggregate.decode(type, data);
      const command = event.type === 'PartnerRegistered' ? createRegisteredProject(event.data) : null;
      if (command) await trees.run(command, { context: followUp(metadata, 'project'), dryRun: false });
    }
  },
});
