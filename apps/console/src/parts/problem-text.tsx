import { Button, Text } from '@mantine/core';
import { lazy, Suspense, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Refused } from '../api/client.js';
import { problemWords } from './problem-words.js';

const WhyOfProblem = lazy(async () => ({ default: (await import('../groups/why-of-problem.js')).WhyOfProblem }));

interface ProblemTextProps {
  readonly error: unknown;
  /** The changes that can be made at once, shown in the explanation as well. */
  readonly mends?: ReactNode;
}

/** A refusal or failure in words; where a quota is behind it, with the picture of that quota. */
export function ProblemText({ error, mends }: ProblemTextProps) {
  const { t } = useTranslation();
  const [isAsked, setIsAsked] = useState(false);
  const link = error instanceof Refused ? error.problem['why'] : undefined;
  return (
    <>
      {problemWords(error, t).map((line) => (
        <Text key={line} size="sm">
          {line}
        </Text>
      ))}
      {typeof link === 'string' && (
        <Button variant="default" size="compact-sm" mt={4} onClick={() => setIsAsked(true)}>
          {t('common.why')}
        </Button>
      )}
      {isAsked && typeof link === 'string' && (
        <Suspense>
          <WhyOfProblem link={link} onClose={() => setIsAsked(false)}>
            {mends}
          </WhyOfProblem>
        </Suspense>
      )}
    </>
  );
}
