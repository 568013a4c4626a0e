import type { ReactNode } from 'react';
import { questionOf, WhyWindow } from './why-window.js';

interface WhyOfProblemProps {
  /** The link `why` of a refusal. */
  readonly link: string;
  readonly onClose: () => void;
  readonly children?: ReactNode;
}

/** The picture of the quota behind a refusal. */
export function WhyOfProblem({ link, onClose, children }: WhyOfProblemProps) {
  const question = questionOf(link);
  return (
    question && (
      <WhyWindow of={question} onClose={onClose}>
        {children}
      </WhyWindow>
    )
  );
}
