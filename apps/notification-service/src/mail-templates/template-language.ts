import { Injectable } from '@nestjs/common';
import type { Caller } from '@allotree/http';
import { AccountLanguages } from '../mails/account-languages.js';
import { mailLanguageOf, type MailLanguage } from '../wording/languages.js';

/** In which language templates are shown and tried: the one that is asked for, else that of the caller's account. */
@Injectable()
export class TemplateLanguage {
  constructor(private readonly accounts: AccountLanguages) {}

  async of({ principal }: Caller, asked: string | undefined): Promise<MailLanguage> {
    return asked === undefined ? this.accounts.of(principal.userId) : mailLanguageOf(asked);
  }
}
