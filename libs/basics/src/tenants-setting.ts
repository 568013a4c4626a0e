/** The setting that names the tenants whose rows a transaction sees: their ids separated by commas, or `*` for all. */
export const TENANTS_SETTING = 'allotree.tenant';

/** The `options` of connections of the system itself, which see the rows of every tenant. */
export const ALL_TENANTS_OPTION = `-c ${TENANTS_SETTING}=*`;
