import { followUp } from '@allotree/event-sourcing';
import { groupTreeAggregate } from '@allotree/domain';
import type { Reactor } from '@allotree/event-sourcing';
import type { Trees } from '../trees.js';
import { departed } from './departed.js';

/** Removes a moved subtree from its former project after a crash. */
export const finishDeparture = (trees: Trees): Reactor => ({
  name: 'finish_departures',
  categories: [groupTreeAggregate.category],
  eventTypes: ['SubtreeAdopted'],
  async handle(events) {
    for (const { type, data, metadata } of events) {
      const event = groupTreeAggregate.decode(type, data);
      if (event.type !== 'SubtreeAdopted' || event.data.first > 0) continue;
      await departed(trees, event.data.origin, followUp(metadata, 'depart'));
    }
  },
});
