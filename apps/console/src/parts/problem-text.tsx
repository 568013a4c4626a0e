import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { problemWords } from './problem-words.js';

/** A refusal or failure in words. */
export function ProblemText({ error }: { readonly error: unknown }) {
  const { t } = useTranslation();
  return problemWords(error, t).map((line) => (
    <Text key={line} size="sm">
      {line}
    </Text>
  ));
}
