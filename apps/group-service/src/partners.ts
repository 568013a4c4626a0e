import { notFound } from '@allotree/platform';
import { Inject, Injectable } from '@nestjs/common';
import type { PartnerFacts } from '@allotree/domain';
import { PARTNER_HANDLER, type PartnerHandler } from './tokens.js';

@Injectable()
export class Partners {
  constructor(@Inject(PARTNER_HANDLER) private readonly handler: PartnerHandler) {}

  find(partnerId: string): Promise<PartnerFacts | null> {
    return this.handler.read(partnerId, (state) => state.partner);
  }

  /** @throws Problem `NOT_FOUND` */
  async partner(partnerId: string): Promise<PartnerFacts> {
    const partner = await this.find(partnerId);
    if (partner === null) throw notFound('partner', partnerId);
    return partner;
  }
}
