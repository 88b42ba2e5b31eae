; The frame of an RSID: a raster interrupt plays the music, CIA 2's timer A plays samples
; through the volume register by NMI, one level a byte, a byte over $7F ends.
IDLE    = 8
        .org $1000
        sei
        lda #$35
        sta $01
        lda #$7f
        sta $dc0d
        sta $dd0d
        lda $dc0d
        lda $dd0d
        lda #<silence
        sta nmiread+1
        lda #>silence
        sta nmiread+2
        lda #0
        sta $d01a
        jsr start
        lda #<irq
        sta $fffe
        lda #>irq
        sta $ffff
        lda #<nmi
        sta $fffa
        lda #>nmi
        sta $fffb
        lda #$0b
        sta $d011
        lda #$f8
        sta $d012
        lda #$01
        sta $d01a
        sta $d019
        lda #<RATE
        sta $dd04
        lda #>RATE
        sta $dd05
        lda #$81
        sta $dd0d
        lda #$11
        sta $dd0e
        cli
idle    jmp idle

irq     pha
        txa
        pha
        tya
        pha
        lda #1
        sta $d019
        jsr play
        pla
        tay
        pla
        tax
        pla
        rti

nmi     pha
nmiread lda silence
        bmi nmirest
        ora digimode
        sta $d418
        inc nmiread+1
        bne nmiend
        inc nmiread+2
        jmp nmiend
nmirest lda #IDLE
        ora digimode
        sta $d418
nmiend  bit $dd0d
        pla
        rti

putvol  lda fmode
        sta digimode
        rts

; a note A of the fourth track starts a sample: the pointer changes while the NMI is masked
sample  tay
        lda #$01
        sta $dd0d
        lda samplo,y
        sta nmiread+1
        lda samphi,y
        sta nmiread+2
        lda #$81
        sta $dd0d
        rts

digimode .byte 0
silence .byte $ff
