; The frame of a PSID: init and play are called by whoever plays the tune.
; RATE is 0 for a call each frame, else the latch of CIA 1's timer A.
        .org $1000
        jmp init
        jmp play
init    pha
        lda #<RATE
        ora #>RATE
        beq frames
        lda #<RATE
        sta $dc04
        lda #>RATE
        sta $dc05
frames  pla
        jmp start

putvol  lda fmode
        ora volume
        sta $d418
;2      sta $d438
;3      sta $d458
        rts

sample  rts
