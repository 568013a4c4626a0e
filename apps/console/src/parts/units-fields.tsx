import { NumberInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { RESOURCES, type Resource } from './limit-text.js';

interface UnitsFieldsProps {
  /** The properties of an input from the form: its value, its error and its change handler. */
  readonly propsOf: (field: `units.${Resource}`) => object;
  readonly describe?: (resource: Resource) => ReactNode;
}

/** A number for each resource, as the member `units` of a form. */
export function UnitsFields({ propsOf, describe }: UnitsFieldsProps) {
  const { t } = useTranslation();
  return RESOURCES.map((resource) => (
    <NumberInput
      key={resource}
      label={t(`resources.${resource}`)}
      description={describe?.(resource)}
      min={0}
      allowDecimal={false}
      {...propsOf(`units.${resource}`)}
    />
  ));
}
