import { Controller, Get, Query } from '@nestjs/common';
import { SearchAnswer, SearchQuery } from '@allotree/contracts';
import { Caller, Documented, SignedIn } from '@allotree/http';
import { Search } from './search.js';

@Controller('search')
export class SearchController {
  constructor(private readonly search: Search) {}

  @Get()
  @SignedIn()
  @Documented({
    tag: 'reporting',
    summary: 'Find partners, projects, groups, people, devices, licenses and assignments',
    description:
      'Searches everything that is there today. Things whose id, external id, serial number or e-mail address is `q` come first (`exact`), then those whose name, address or serial number begins with it (`prefix`), then those with a similar word (`similar`; for texts with three letters or digits in a row). Serial numbers, addresses and names are compared without regard to case. ' +
      'The caller finds things that they may read at their place, by `partners:read`, `projects:read`, `groups:read`, `members:read`, `devices:read`, `licenses:read` or `assignments:read`. A person is found once for each membership; the root of a project is found as the project. ' +
      '`path` has the names of the groups from the root down, from the first at which the caller holds `groups:read`; `projectName` is `null` without `projects:read` in the project.',
    response: {
      schema: SearchAnswer,
      example: {
        items: [
          {
            kind: 'group',
            id: 'flat-12',
            text: 'Flat 12',
            projectId: 'hafenblick',
            projectName: 'Hafenblick',
            groupId: 'flat-12',
            path: ['Hafenblick', 'Building A', 'Flat 12'],
            field: 'name',
            match: 'prefix',
          },
        ],
      },
    },
    problems: ['VALIDATION'],
  })
  async find(
    @Query({ schema: SearchQuery }) query: SearchQuery,
    @Caller() { principal }: Caller,
  ): Promise<SearchAnswer> {
    return { items: await this.search.find(principal, query) };
  }
}
