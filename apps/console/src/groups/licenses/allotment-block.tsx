import { Button, Checkbox, Fieldset, Group, NumberInput, Select, SimpleGrid, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { DayInput } from '../../parts/day-input.js';
import { RESOURCES, type Resource } from '../../parts/limit-text.js';
import { en } from '../../words/en.js';
import type { FeaturesAbove } from './features-above.js';
import { firstDay, hasTooManyApps, lastDay, type AllotmentEntry, type Feature } from './restriction-form.js';

const FEATURES = Object.keys(en.features) as Feature[];
const LICENSE_TYPES = ['plus', 'basic', 'trial'] as const;

interface AllotmentBlockProps {
  readonly number: number;
  readonly allotment: AllotmentEntry;
  readonly timeZone: string;
  readonly features: FeaturesAbove;
  readonly onChange: (change: Partial<AllotmentEntry>) => void;
  readonly onRemove: () => void;
}

/** One license of a group: numbers, features and the term. */
export function AllotmentBlock({ number, allotment, timeZone, features, onChange, onRemove }: AllotmentBlockProps) {
  const { t } = useTranslation();
  const { type, units, validFrom, validUntil } = allotment;
  const isOver = hasTooManyApps(allotment);
  const change = (resource: Resource, value: number | null) => onChange({ units: { ...units, [resource]: value } });
  return (
    <Fieldset legend={t('licenses.license', { number })}>
      <Stack>
        <Select
          label={t('licenses.licenseType')}
          data={LICENSE_TYPES.map((each) => ({ value: each, label: t(`licenseTypes.${each}`) }))}
          value={type}
          allowDeselect={false}
          onChange={(value) => onChange({ type: value as AllotmentEntry['type'] })}
          maw={240}
        />
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          {RESOURCES.map((resource) => (
            <UnitsField
              key={resource}
              resource={resource}
              units={units[resource]}
              error={isOver && resource === 'mobile_app'}
              onChange={(value) => change(resource, value)}
            />
          ))}
        </SimpleGrid>
        {isOver && (
          <Group>
            <Text size="sm" c="red" role="alert">
              {t('licenses.appsTooMany')}
            </Text>
            {units.mobile_app !== null && (
              <Button size="compact-sm" variant="default" onClick={() => change('sip_number', units.mobile_app)}>
                {t('licenses.raiseNumbers', { count: units.mobile_app })}
              </Button>
            )}
          </Group>
        )}
        <FeatureBoxes
          chosen={allotment.features}
          features={features}
          onChange={(chosen) => onChange({ features: chosen })}
        />
        <Fieldset legend={t('licenses.period')} variant="unstyled">
          <Group align="start">
            <DayInput
              label={t('licenses.validFrom')}
              value={firstDay(validFrom, timeZone)}
              onChange={(date) => onChange({ validFrom: date })}
            />
            <DayInput
              label={t('licenses.validUntil')}
              description={t('licenses.untilHint')}
              inputWrapperOrder={['label', 'input', 'description']}
              value={lastDay(validUntil, timeZone)}
              onChange={(date) => onChange({ validUntil: date })}
            />
          </Group>
        </Fieldset>
        <Group justify="end">
          <Button variant="subtle" color="red" size="compact-sm" onClick={onRemove}>
            {t('licenses.removeLicense', { number })}
          </Button>
        </Group>
      </Stack>
    </Fieldset>
  );
}

interface UnitsFieldProps {
  readonly resource: Resource;
  readonly units: number | null;
  readonly error: boolean;
  readonly onChange: (units: number | null) => void;
}

function UnitsField({ resource, units, error, onChange }: UnitsFieldProps) {
  const { t } = useTranslation();
  const name = t(`resources.${resource}`);
  return (
    <Stack gap={4}>
      <NumberInput
        label={name}
        min={0}
        allowDecimal={false}
        value={units ?? ''}
        disabled={units === null}
        error={error}
        onChange={(value) => onChange(value === '' ? 0 : Number(value))}
      />
      <Checkbox
        size="xs"
        label={t('common.unlimited')}
        aria-label={`${name}: ${t('common.unlimited')}`}
        checked={units === null}
        onChange={({ currentTarget }) => onChange(currentTarget.checked ? null : 0)}
      />
    </Stack>
  );
}

interface FeatureBoxesProps {
  readonly chosen: readonly Feature[];
  readonly features: FeaturesAbove;
  readonly onChange: (chosen: Feature[]) => void;
}

/** A box that is off says who switched it off; one that is on stays removable. */
function FeatureBoxes({ chosen, features: { off }, onChange }: FeatureBoxesProps) {
  const { t } = useTranslation();
  return (
    <Checkbox.Group
      label={t('licenses.features')}
      value={[...chosen]}
      onChange={(values) => onChange(FEATURES.filter((feature) => (values as string[]).includes(feature)))}
    >
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="xs" mt="xs">
        {FEATURES.map((feature) => {
          const name = off.get(feature);
          return (
            <Checkbox
              key={feature}
              value={feature}
              label={t(`features.${feature}`)}
              disabled={off.has(feature) && !chosen.includes(feature)}
              description={
                off.has(feature) &&
                t('licenses.featureOff', {
                  feature: t(`features.${feature}`),
                  name: name ?? t('common.projectLicenses'),
                })
              }
            />
          );
        })}
      </SimpleGrid>
    </Checkbox.Group>
  );
}
