-- SPDX-License-Identifier: Apache-2.0
-- The PC game: each used coupon, then their number and their total value.
SELECT line FROM (
  SELECT 1 AS part, code || ' user ' || used_by || ' gold ' || gold AS line
    FROM coupon WHERE used_by IS NOT NULL
  UNION ALL
  SELECT 2, 'total ' || count(*) || ' gold ' || coalesce(sum(gold), 0)
    FROM coupon WHERE used_by IS NOT NULL
) AS audit ORDER BY part, line COLLATE "C";
