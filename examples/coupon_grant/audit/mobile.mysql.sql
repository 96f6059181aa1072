-- SPDX-License-Identifier: Apache-2.0
-- The mobile game: each coupon that was granted, then the number of coupons and the sum of all
-- wallets. The games agree if both audits print the same lines.
SELECT line FROM (
  SELECT 1 AS part, CONCAT(coupon, ' user ', user_id, ' gold ', gold) AS line FROM wallet_entry
  UNION ALL
  SELECT 2, CONCAT('total ', (SELECT COUNT(*) FROM wallet_entry), ' gold ',
                   (SELECT COALESCE(SUM(gold), 0) FROM wallet))
) AS audit ORDER BY part, BINARY line;
