import { Injectable } from '@nestjs/common';
import { Problem } from '@allotree/http';
import { hashPassword, passwordFault, verifyPassword } from '@allotree/identity';

/** Concurrent hashes: each uses 19 MiB and a processor for tens of milliseconds. */
const AT_ONCE = 64;

/** Compared where there is no password, at the same cost. */
const NO_PASSWORD = hashPassword(crypto.randomUUID());

/** Passwords of accounts. */
@Injectable()
export class Passwords {
  private underWay = 0;

  /**
   * The hash of a password that somebody chooses for the account with this address.
   * @param field names it in the request
   * @throws Problem `VALIDATION` where it is too easy to guess
   */
  async choose(password: string, email: string, field = 'password'): Promise<string> {
    const fault = await passwordFault(password, email);
    if (fault !== null) throw Problem.validation(field, fault);
    return this.hash(password);
  }

  hash(password: string): Promise<string> {
    return this.oneOfFew(() => hashPassword(password.normalize('NFC')));
  }

  /** Takes as long for an account that is not there (`null`). */
  fits(passwordHash: string | null, password: string): Promise<boolean> {
    return this.oneOfFew(async () => {
      const fits = await verifyPassword(passwordHash ?? (await NO_PASSWORD), password.normalize('NFC'));
      return fits && passwordHash !== null;
    });
  }

  private async oneOfFew<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.underWay >= AT_ONCE) throw new Problem('OVERLOADED', undefined, { retryAfterSeconds: 1 });
    this.underWay += 1;
    try {
      return await work();
    } finally {
      this.underWay -= 1;
    }
  }
}
