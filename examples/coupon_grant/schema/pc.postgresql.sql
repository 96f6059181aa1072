-- SPDX-License-Identifier: Apache-2.0
-- The PC game: coupons. Run this in the database `pc` (createdb pc) as its owner.
CREATE TABLE coupon (
  code    varchar(32) PRIMARY KEY,
  gold    integer NOT NULL CHECK (gold > 0),
  used_by bigint
);

INSERT INTO coupon (code, gold) VALUES ('SPRING', 100), ('SUMMER', 100);

-- The coordinator's account. It needs only the rights that its SQL needs: the user that prepared a
-- transaction may also finish it.
CREATE ROLE coordinator LOGIN PASSWORD 'change-me';
GRANT SELECT, UPDATE ON coupon TO coordinator;
