import { describe, expect, it } from '@jest/globals';
import { given } from '@allotree/testing/given';
import { joinRequestAggregate, type JoinRequestFacts } from './join-request.aggregate.js';

const facts: JoinRequestFacts = {
  requestId: 'r1',
  distributorId: 'nordlicht',
  tenantId: 'nordlicht',
  partnerId: 'dahl',
  kind: 'dealer',
  name: 'Dahl Installations',
  administrator: { administratorId: 'u1', name: 'Ben', email: 'ben@dahl.example' },
  project: { projectId: 'quay', name: 'Harbour Quay', timeZone: 'Europe/Stockholm' },
};
const requested = { type: 'JoinRequested', data: facts } as const;
const approve = { type: 'ApproveJoin', requestId: 'r1', distributorId: 'nordlicht' } as const;
const reject = { type: 'RejectJoin', requestId: 'r1', distributorId: 'nordlicht', reason: 'Unknown to us' } as const;
const approved = { type: 'JoinApproved', data: { requestId: 'r1' } } as const;
const rejected = { type: 'JoinRejected', data: { requestId: 'r1', reason: 'Unknown to us' } } as const;

describe('a request to join a distributor', () => {
  it('is created once', () => {
    given(joinRequestAggregate, [])
      .when({ type: 'RequestJoin', ...facts, name: ' Dahl Installations ' })
      .then([requested])
      .when({ type: 'RequestJoin', ...facts })
      .then([]);
  });

  it('is approved once, and not rejected afterwards', () => {
    const done = given(joinRequestAggregate, [requested]).when(approve).then([approved]);
    done.when(approve).then([]);
    done.when(reject).then({ code: 'JOIN_REQUEST_DECIDED', requestId: 'r1', status: 'approved' });
  });

  it('is rejected with a reason once, and not approved afterwards', () => {
    const done = given(joinRequestAggregate, [requested]).when(reject).then([rejected]);
    done.when(reject).then([]);
    done.when(approve).then({ code: 'JOIN_REQUEST_DECIDED', requestId: 'r1', status: 'rejected' });
  });

  it('does not exist for another distributor, nor before it is created', () => {
    const unknown = { code: 'NOT_FOUND', what: 'join request', id: 'r1' } as const;
    given(joinRequestAggregate, [requested])
      .when({ ...approve, distributorId: 'evil' })
      .then(unknown);
    given(joinRequestAggregate, []).when(approve).then(unknown);
  });

  it('stores its events unchanged', () => {
    for (const event of [requested, approved, rejected]) {
      const { type, data } = joinRequestAggregate.encode(event);
      expect(joinRequestAggregate.decode(type, data)).toEqual(event);
    }
    expect(() => joinRequestAggregate.decode('JoinLost', {})).toThrow('unknown event type');
  });
});
