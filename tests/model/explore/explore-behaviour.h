/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the model does in every sequence of two inputs, odd ones included, as one number: each
 * effect, refusal and state is in it. A change of the model that nobody meant changes it as well;
 * who means one puts the number here that the test asks for, and says in the commit what is new.
 */
#ifndef CALLSD_TESTS_EXPLORE_BEHAVIOUR_H
#define CALLSD_TESTS_EXPLORE_BEHAVIOUR_H

#define EXPLORE_BEHAVIOUR UINT64_C(0xbcb67444fa6ba05d)

#endif
