/* SPDX-License-Identifier: MIT */
#include "table/condition.h"

bool condition_holds(const struct condition *condition, const struct table *table, struct changes *differences)
{
	switch (condition->kind) {
	case CONDITION_EQUALS:
		table_diff(differences, &condition->wanted, table);
		break;
	case CONDITION_CONTAINS:
		table_diff_services_within(differences, &condition->wanted, table);
		break;
	case CONDITION_SERVICES:
		return table->services.count == condition->services;
	}
	return differences->list.count == 0;
}
