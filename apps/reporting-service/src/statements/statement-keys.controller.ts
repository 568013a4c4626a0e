import { Controller, Get } from '@nestjs/common';
import { StatementKeysAnswer } from '@allotree/contracts';
import { Documented, Public } from '@allotree/http';
import { SigningKey } from './signing-key.js';

@Controller('statement-keys')
export class StatementKeysController {
  constructor(private readonly key: SigningKey) {}

  @Get()
  @Public()
  @Documented({
    tag: 'Billing',
    summary: 'Get the public keys of statements as a JWK set',
    response: {
      schema: StatementKeysAnswer,
      example: {
        keys: [
          {
            kty: 'OKP',
            crv: 'Ed25519',
            x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
            kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
            use: 'sig',
            alg: 'EdDSA',
          },
        ],
      },
    },
  })
  async keys(): Promise<StatementKeysAnswer> {
    return { keys: [...(await this.key.publicKeys())] };
  }
}
