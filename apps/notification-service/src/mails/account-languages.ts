import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { mailLanguageOf, type MailLanguage } from '../wording/languages.js';
import { NOTIFICATIONS } from '../tokens.js';

/** The languages people chose for their accounts, as far as mails are written in them. */
@Injectable()
export class AccountLanguages {
  constructor(@InjectDataSource(NOTIFICATIONS) private readonly dataSource: DataSource) {}

  async of(userId: string): Promise<MailLanguage> {
    const [row]: { language: string | null }[] = await this.dataSource.query(
      'SELECT language FROM notifications.account WHERE user_id = $1',
      [userId],
    );
    return mailLanguageOf(row?.language);
  }
}
