import { Body, Controller, Get, HttpCode, Inject, Put } from '@nestjs/common';
import { IsoInstant } from '@allotree/contracts';
import { z } from 'zod';
import { Clock, type TestClock } from '@allotree/basics';
import { Documented, Problem, Permit } from '@allotree/http';

const LATEST = Date.parse('9999-01-01T00:00:00Z');

const TestClockBody = z.strictObject({ now: IsoInstant });
type TestClockBody = z.infer<typeof TestClockBody>;
const TestClockAnswer = z.object({ now: IsoInstant });

/** Exists only with `TEST_CLOCK=1`. */
@Controller('test-clock')
export class TestClockController {
  constructor(@Inject(Clock) private readonly clock: TestClock) {}

  @Get()
  @Permit('system:manage')
  @Documented({
    tag: 'test clock',
    summary: 'The current time of the services in this process',
    response: { schema: TestClockAnswer, example: { now: '2026-12-01T08:00:00.000Z' } },
  })
  showClock(): object {
    return this.answer();
  }

  @Put()
  @HttpCode(200)
  @Permit('system:manage')
  @Documented({
    tag: 'test clock',
    summary: 'Move the clock forward and process what is due by then',
    body: { now: '2026-12-01T08:00:00Z' },
    response: { schema: TestClockAnswer, example: { now: '2026-12-01T08:00:00.000Z' } },
    problems: ['VALIDATION'],
  })
  async moveClock(@Body({ schema: TestClockBody }) { now }: TestClockBody): Promise<object> {
    const to = Date.parse(now);
    if (to > LATEST) throw Problem.validation('now', 'must lie before the year 9999');
    if (!(await this.clock.moveTo(to)))
      throw Problem.validation('now', `must not lie before ${new Date(this.clock.now()).toISOString()}`);
    return this.answer();
  }

  private answer(): object {
    return { now: new Date(this.clock.now()).toISOString() };
  }
}
